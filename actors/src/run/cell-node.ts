/** What inspection shows of one actor. */
import { errorToData, type TreeNode } from '@jaegis/core';
import { withoutStacks } from '../inspect/plain.ts';
import type { ColdFields } from './cold-fields.ts';
import type { Behavior } from './contract.ts';
import type { Inbox } from './inbox.ts';
import type { Phase } from './lifecycle.ts';

type Inspected = Inbox & {
  readonly phase: Phase;
  readonly behavior: Behavior | undefined;
  readonly state: unknown;
  readonly cold: ColdFields | undefined;
  readonly handled: number;
  readonly busyMs: number;
};

export function cellNode(cell: Inspected): TreeNode {
  const { cold, phase } = cell;
  const { heldBytes } = cell;
  const { door } = cell.kind;
  const own = cell.behavior?.children(cell.state) ?? [];
  return {
    id: cell.id,
    kind: cell.home.kind,
    type: cell.kind.type,
    status: phase === 'idle' ? (cell.isOpen ? 'restarting' : 'stopped') : phase,
    mailbox: cell.length,
    handled: cell.handled,
    restarts: Math.max(0, cell.incarnation - 1),
    highWater: cell.highWater,
    failures: cold?.failures ?? 0,
    busyMs: Math.round(cell.busyMs * 1000) / 1000,
    ...(heldBytes === undefined ? {} : { mailboxBytes: heldBytes }),
    ...(cold?.lastError === undefined ? {} : { lastError: withoutStacks(errorToData(cold.lastError)) }),
    ...(door === undefined || door.isOfType ? {} : { policy: door.view }),
    ...cell.behavior?.aside?.(),
    children: [...own, ...(cold?.children?.inspect() ?? [])],
  };
}
