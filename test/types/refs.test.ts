/**
 * What the compiler knows of an actor: the messages it takes and what each replies. `tsc` judges the lines below
 * `@ts-expect-error`: one that compiles is an error. The assertions see that what compiles does what it says.
 */
import {
  type ActorDefinition,
  defineActor,
  type MessageOf,
  type Protocol,
  type Ref,
  type ReplyOf,
} from '@jaegis/actors';
import { expect, expectTypeOf, test } from 'vitest';

interface Account {
  readonly balance: number;
}

const account = defineActor('account', {
  state: (): Account => ({ balance: 0 }),
  on: {
    debit: (state, message: { amount: number; note?: string }) => {
      const balance = state.balance - message.amount;
      return { state: { balance }, reply: balance };
    },
    read: (state) => ({ reply: state }),
    name: async (_state) => ({ reply: 'savings' }),
    close: () => {},
  },
});

type AccountProtocol = NonNullable<typeof account.protocol>;

interface Taken {
  readonly ref: Ref<AccountProtocol>;
  readonly told: unknown[];
}

/** A ref that answers each ask with the same reply and keeps what it is told. */
function refTo<P extends Protocol>(definition: ActorDefinition<P>, reply: unknown): { ref: Ref<P>; told: unknown[] } {
  const told: unknown[] = [];
  const ref: Ref<P> = {
    address: `n1/user/${definition.type}`,
    tell: (message) => void told.push(message),
    ask: <M extends MessageOf<P>>(message: M) => {
      told.push(message);
      return Promise.resolve(reply as ReplyOf<P, M['type']>); // each test gives the reply that fits its message
    },
  };
  return { ref, told };
}

test('a message of the definition is taken, with optional fields or without', () => {
  const { ref, told }: Taken = refTo(account, undefined);
  ref.tell({ type: 'debit', amount: 1 });
  ref.tell({ type: 'debit', amount: 1, note: 'rent' });
  ref.tell({ type: 'close' });
  expect(told).toEqual([{ type: 'debit', amount: 1 }, { type: 'debit', amount: 1, note: 'rent' }, { type: 'close' }]);
});

test('a wrong message does not compile', () => {
  const { ref, told } = refTo(account, undefined);
  // @ts-expect-error no message of this type
  ref.tell({ type: 'credit', amount: 1 });
  // @ts-expect-error no type
  ref.tell({ amount: 1 });
  // @ts-expect-error no message at all
  ref.tell('debit');
  // @ts-expect-error a message asked that is not there
  void ref.ask({ type: 'reed' });
  expect(told).toHaveLength(4);
});

test('a wrong field does not compile', () => {
  const { ref, told } = refTo(account, undefined);
  // @ts-expect-error a field is missing
  ref.tell({ type: 'debit' });
  // @ts-expect-error of another type
  ref.tell({ type: 'debit', amount: '1' });
  // @ts-expect-error an optional field of another type
  ref.tell({ type: 'debit', amount: 1, note: 2 });
  // @ts-expect-error a field of no message
  ref.tell({ type: 'debit', amount: 1, mount: 2 });
  // @ts-expect-error the field of an ask is missing
  void ref.ask({ type: 'debit' });
  expect(told).toHaveLength(5);
});

test('the reply of a message has the type that its handler gives it', async () => {
  const reply = await refTo(account, 41).ref.ask({ type: 'debit', amount: 1 });
  expectTypeOf(reply).toEqualTypeOf<number>();
  expect(reply.toFixed(1)).toBe('41.0');
  const state = await refTo(account, { balance: 3 }).ref.ask({ type: 'read' });
  expectTypeOf(state).toEqualTypeOf<Account>();
  expect(state.balance).toBe(3);
  const name = await refTo(account, 'savings').ref.ask({ type: 'name' });
  expectTypeOf(name).toEqualTypeOf<string>();
  expect(name.length).toBe(7);
});

test('a wrong use of a reply does not compile', async () => {
  const { ref } = refTo(account, 41);
  // @ts-expect-error a number is no string
  const text: string = await ref.ask({ type: 'debit', amount: 1 });
  expect(text).toBe(41);
  const reply = await ref.ask({ type: 'debit', amount: 1 });
  // @ts-expect-error numbers have no such method
  expect(() => reply.toUpperCase()).toThrow(TypeError);
  // @ts-expect-error not the reply but its promise
  const early: number = ref.ask({ type: 'debit', amount: 1 });
  expect(early).toBeInstanceOf(Promise);
});

test('a message without a reply is answered with undefined', async () => {
  const reply = await refTo(account, undefined).ref.ask({ type: 'close' });
  expectTypeOf(reply).toEqualTypeOf<undefined>();
  // @ts-expect-error nothing has no fields
  expect(() => reply.balance).toThrow(TypeError);
});

test('a message kept in a variable is held to the protocol too', () => {
  const { ref, told } = refTo(account, undefined);
  const messages: MessageOf<AccountProtocol>[] = [{ type: 'close' }, { type: 'debit', amount: 2 }];
  // @ts-expect-error no message of this type
  messages.push({ type: 'credit' });
  for (const message of messages) ref.tell(message);
  expect(told).toEqual(messages);
  const text = 'debit' as string;
  // @ts-expect-error a type that the compiler does not know
  ref.tell({ type: text, amount: 1 });
});

test('a ref of one actor is not a ref of another', () => {
  const other = defineActor('other', { state: () => 0, on: { ping: () => ({ reply: 'pong' }) } });
  const { ref } = refTo(other, 'pong');
  // @ts-expect-error it takes no debit
  const wrong: Ref<AccountProtocol> = ref;
  expect(wrong.address).toBe('n1/user/other');
});
