import { defineActor, defineApp, startNode } from 'jaegis';

const invoice = defineActor('invoice', {
  state: () => ({ status: 'open', reminders: 0 }),
  on: {
    issue: (state, _message, context) => {
      context.schedule('remind', { afterMs: 100 }, { type: 'remind' });
      context.schedule('report', { cron: '0 9 * * MON', timezone: 'Europe/Berlin' }, { type: 'report' });
      return { state: { ...state, status: 'issued' } };
    },
    remind: (state) => ({ state: { ...state, reminders: state.reminders + 1 } }),
    pay: (state, _message, context) => {
      context.unschedule('remind');
      return { state: { ...state, status: 'paid' } };
    },
    report: () => {},
    look: (state) => ({ reply: state }),
  },
});

await using node = await startNode({ nats: 'embedded', app: defineApp({ entities: [invoice] }) });
const [late, prompt] = [node.entity(invoice, '2026-001'), node.entity(invoice, '2026-002')];

// Kept once this has resolved, whatever dies then; handled once, and in order.
await late.send({ type: 'issue' });
await prompt.send({ type: 'issue' });
await prompt.send({ type: 'pay' }, { id: 'payment-4711' });

for (let open = true; open; ) open = (await late.ask({ type: 'look' })).reminders === 0;
console.log(await late.ask({ type: 'look' })); // prints: { status: 'issued', reminders: 1 }
console.log(await prompt.ask({ type: 'look' })); // prints: { status: 'paid', reminders: 0 }
