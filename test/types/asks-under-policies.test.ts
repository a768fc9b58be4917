/** What the compiler knows of an ask under a policy: its reply may be what a fallback gives. */
import { type AskOptions, defineActor, type Ref } from '@jaegis/actors';
import { createPolicy, type Policy } from '@jaegis/resilience';
import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { expect, expectTypeOf, test } from 'vitest';

const account = defineActor('account', {
  state: () => 0,
  on: {
    read: (state) => ({ reply: state }),
  },
});

type AccountProtocol = NonNullable<typeof account.protocol>;

const asker = defineActor('asker', {
  state: () => 0,
  on: {
    forward: async (_state, message: { to: Ref<AccountProtocol>; policy: Policy<'none'> }, context) => {
      const reply = await context.ask(message.to, { type: 'read' }, { policy: message.policy });
      expectTypeOf(reply).toEqualTypeOf<number | 'none'>();
      return { reply };
    },
  },
});

/** Answers as the policy does around 7. */
const ref: Ref<AccountProtocol> = {
  address: 'n1/user/account',
  tell: () => {},
  ask: (async (_message: unknown, options: AskOptions<unknown> = {}) =>
    options.policy?.run(async () => 7) ?? 7) as unknown as Ref<AccountProtocol>['ask'], // as the kernel does
};
const services = { clock: new VirtualClock(), random: new SeededRandom(1) };

test('without fallbacks the reply is what the definition says', async () => {
  const reply = await ref.ask({ type: 'read' }, { policy: createPolicy({ retry: {} }, services) });
  expectTypeOf(reply).toEqualTypeOf<number>();
  expect(reply.toFixed(1)).toBe('7.0');
});

test('with a fallback the reply may be what that gives', async () => {
  const policy = createPolicy({ fallback: () => 'none' as const }, services);
  const reply = await ref.ask({ type: 'read' }, { policy });
  expectTypeOf(reply).toEqualTypeOf<number | 'none'>();
  // @ts-expect-error it may be a text
  expect(reply.toFixed(1)).toBe('7.0');
  expect(asker.type).toBe('asker');
});

test('options that say nothing of fallbacks take no policy with one', () => {
  const policy = createPolicy({ fallback: () => 'none' as const }, services);
  // @ts-expect-error whoever asks with these expects no text
  const options: AskOptions = { policy };
  expect(options.policy).toBe(policy);
});

test('a policy at a door takes the options of one, or one that is ready', () => {
  const state = () => 0;
  const ready = createPolicy({ fallback: () => 'none' }, services);
  expect(defineActor('a', { policy: { breaker: { failures: 5 }, fallback: () => 7 }, state, on: {} }).type).toBe('a');
  expect(defineActor('a', { policy: ready, state, on: {} }).type).toBe('a');
  // @ts-expect-error no part of a policy
  expect(defineActor('a', { policy: { braker: {} }, state, on: {} }).type).toBe('a');
  // @ts-expect-error of another type
  expect(defineActor('a', { policy: { breaker: { failures: '5' } }, state, on: {} }).type).toBe('a');
  // @ts-expect-error it is called after its type
  expect(defineActor('a', { policy: { name: 'a' }, state, on: {} }).type).toBe('a');
});
