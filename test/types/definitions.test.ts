/** What the compiler knows inside a definition: the state, the messages, and what handlers may do with other actors. */
import { type ActorContext, defineActor, defineMachine, type MessageOf, type Ref } from '@jaegis/actors';
import { type } from 'arktype';
import * as v from 'valibot';
import { expect, expectTypeOf, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';

type ProtocolOf<D extends { readonly protocol?: unknown }> = NonNullable<D['protocol']>;

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: (state, message: { by: number }) => ({ state: { total: state.total + message.by } }),
    read: (state) => ({ reply: state.total }),
  },
});

test('the state of a definition is what its handlers get and give', () => {
  const definition = defineActor('wrong', {
    state: () => ({ total: 0 }),
    on: {
      // @ts-expect-error the state has no such field
      read: (state) => ({ reply: state.sum }),
      // @ts-expect-error the state is no text
      reset: () => ({ state: 'nothing' }),
    },
  });
  expect(definition.type).toBe('wrong');
});

test('a definition without a state or with handlers that are none does not compile', () => {
  // @ts-expect-error no state
  expect(() => defineActor('wrong', { on: {} })).toThrow('state must be a function');
  // @ts-expect-error on.add is no function
  expect(() => defineActor('wrong', { state: () => 0, on: { add: 1 } })).toThrow('on.add must be a function');
});

test('a handler is held to the protocols of those it talks to', () => {
  const through = (context: ActorContext, ref: Ref<ProtocolOf<typeof counter>>) => {
    context.tell(ref, { type: 'add', by: 1 });
    // @ts-expect-error a field is missing
    context.tell(ref, { type: 'add' });
    // @ts-expect-error no message of this type
    context.tell(ref, { type: 'subtract', by: 1 });
    return context.ask(ref, { type: 'read' });
  };
  expectTypeOf(through).returns.resolves.toEqualTypeOf<number>();
  const told: unknown[] = [];
  const context = { tell: (_ref: unknown, message: unknown) => told.push(message), ask: () => Promise.resolve(1) };
  // What the function uses of its context.
  void through(context as unknown as ActorContext, {} as Ref<ProtocolOf<typeof counter>>);
  expect(told).toHaveLength(3);
});

const move = z.object({ street: z.string(), number: z.coerce.number() });
const pay = v.object({ amount: v.number() });
const note = type({ text: 'string' });

test('handlers take their messages from schemas of any library', () => {
  const person = defineActor('person', {
    state: () => '',
    schema: { move, pay, note },
    on: {
      move: (_state, message: z.output<typeof move>) => ({ state: message.street, reply: message.number }),
      pay: (_state, message: v.InferOutput<typeof pay>) => ({ reply: message.amount }),
      note: (_state, message: typeof note.infer) => ({ state: message.text }),
    },
  });
  type Messages = MessageOf<ProtocolOf<typeof person>>;
  const messages: Messages[] = [
    { type: 'move', street: 'Main Street', number: 1 },
    { type: 'pay', amount: 2 },
    { type: 'note', text: 'x' },
  ];
  // @ts-expect-error no number, says zod
  messages.push({ type: 'move', street: 'Main Street', number: 'one' });
  // @ts-expect-error no amount, says valibot
  messages.push({ type: 'pay' });
  // @ts-expect-error no text, says arktype
  messages.push({ type: 'note', text: 1 });
  expect(messages).toHaveLength(6);
  expect(person.type).toBe('person');
});

test('a schema that is none does not compile', () => {
  const make = () =>
    defineActor('wrong', {
      state: () => 0,
      // @ts-expect-error a type name is no schema
      schema: { add: 'number' },
      on: { add: () => {} },
    });
  expect(make).toBeTypeOf('function');
});

test('a machine takes its events', () => {
  const gate = defineMachine('gate', () =>
    setup({
      types: {
        context: {} as { passed: number },
        events: {} as { type: 'open' } | { type: 'pass'; many: number },
      },
    }).createMachine({
      context: { passed: 0 },
      on: { pass: { actions: assign({ passed: ({ context, event }) => context.passed + event.many }) } },
    }),
  );
  const events: MessageOf<ProtocolOf<typeof gate>>[] = [{ type: 'open' }, { type: 'pass', many: 2 }];
  // @ts-expect-error no event of this type
  events.push({ type: 'close' });
  // @ts-expect-error a field is missing
  events.push({ type: 'pass' });
  // @ts-expect-error of another type
  events.push({ type: 'pass', many: '2' });
  expect(events).toHaveLength(5);
  expect(gate.type).toBe('gate');
});
