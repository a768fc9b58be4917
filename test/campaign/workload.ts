/**
 * Clients that ask, send and pay while things break: each session does one operation at a time, and repeats it, with its
 * key, until it is answered.
 */
import type { ClusterNode } from '@jaegis/cluster';
import { type Clock, errorCatalogue, JaegisError, sleep } from '@jaegis/core';
import { account, ledger } from './entities.ts';
import type { Operation, OperationKind } from './operations.ts';
import type { Chance } from './plan.ts';

export interface SessionOptions {
  readonly name: string;
  readonly node: ClusterNode;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly isOver: () => boolean;
  readonly onCall: (operation: Operation) => void;
  readonly onAnswer: (operation: Operation, reply: unknown) => void;
  readonly onRefusal: (operation: Operation, code: string) => void;
  /** It was told what nobody who repeats can understand. */
  readonly onError: (operation: Operation, error: unknown) => void;
}

export const ledgers = ['a', 'b', 'c', 'd'] as const;
export const accounts = ['x', 'y', 'z'] as const;

const ATTEMPT_MS = 3_000;
const REPEAT_MS = 50;
const LONGEST_REST_MS = 600;
const LONGEST_REMINDER_MS = 8_000;

/** What a client may be told while things break. Anything else is a bug. */
const expected = (Object.keys(errorCatalogue) as (keyof typeof errorCatalogue)[]).filter(
  (code) => errorCatalogue[code].retry !== 'never' && code !== 'actor_crashed' && code !== 'actor_killed',
);

const kinds: readonly OperationKind[] = ['add', 'add', 'add', 'count', 'note', 'note', 'remind', 'pay', 'pay'];

/** Resolves once it is told that it is over, and what it had begun is answered. */
export async function runSession(options: SessionOptions): Promise<void> {
  const { name, chance, clock, isOver } = options;
  for (let made = 1; !isOver(); made++) {
    await perform(makeOperation(`${name}-${made}`, name, chance), options);
    await sleep(clock, chance.between(0, LONGEST_REST_MS));
  }
}

function makeOperation(id: string, session: string, chance: Chance): Operation {
  const kind = chance.one(kinds);
  const from = chance.one(accounts);
  const to = chance.one(accounts.filter((key) => key !== from));
  const entity = kind === 'pay' ? `account/${from}` : `ledger/${chance.one(ledgers)}`;
  return { id, kind, entity, session, to, afterMs: chance.between(0, LONGEST_REMINDER_MS) };
}

async function perform(operation: Operation, options: SessionOptions): Promise<void> {
  const { clock, onCall, onAnswer, onRefusal, onError } = options;
  onCall(operation);
  for (;;) {
    try {
      onAnswer(operation, await attempt(operation, options));
      return;
    } catch (error) {
      if (!(error instanceof JaegisError) || !expected.includes(error.code)) {
        onError(operation, error);
        return;
      }
      onRefusal(operation, error.code);
      await sleep(clock, REPEAT_MS);
    }
  }
}

function attempt({ id, kind, entity, to, afterMs }: Operation, { node }: SessionOptions): Promise<unknown> {
  const key = entity.slice(entity.indexOf('/') + 1);
  const book = node.entity(ledger, key);
  const options = { idempotencyKey: id, timeoutMs: ATTEMPT_MS };
  switch (kind) {
    case 'add':
      return book.ask({ type: 'add', id }, options);
    case 'count':
      return book.ask({ type: 'count' }, { timeoutMs: ATTEMPT_MS });
    case 'note':
      return book.send({ type: 'note', id }, { id, timeoutMs: ATTEMPT_MS });
    case 'remind':
      return book.ask({ type: 'remind', id, afterMs }, options);
    case 'pay':
      return node.entity(account, key).ask({ type: 'pay', id, to }, options);
  }
}
