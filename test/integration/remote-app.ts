/** What the nodes of `remote.test.ts` run. */
import { defineActor, defineApp, hasCode, type Protocol } from 'jaegis';

interface Passing extends Protocol {
  readonly pass: { readonly message: { readonly way: readonly string[] }; readonly reply: unknown };
}

/** Passes a message on along its way, and answers how that went. */
const passer = defineActor('passer', {
  state: () => 0,
  on: {
    pass: async (
      _state,
      { way: [first, ...way] }: { way: readonly string[] },
      context,
    ): Promise<{ reply: unknown }> => {
      if (first === undefined) return { reply: 'end' };
      try {
        return { reply: await context.ask(context.actor<Passing>(first), { type: 'pass', way }) };
      } catch (error) {
        return { reply: hasCode(error, 'deadlock') ? 'deadlock' : String(error) };
      }
    },
  },
});

export const worker = defineActor('worker', {
  state: () => 0,
  on: { where: (_state, _message, { address }) => ({ reply: address.slice(0, address.indexOf('/')) }) },
});

export const app = defineApp({ actors: [{ name: 'passer', definition: passer }], definitions: [worker] });
