/** All actors of a node, one after the other, for what must look at each of them. */
import { ActorCell } from '../run/actor-cell.ts';
import type { Process } from '../run/process.ts';
import type { Children } from '../supervisor/children.ts';
import { Supervisor } from '../supervisor/supervisor.ts';

export function* cellsBelow(children: Children | undefined): Generator<ActorCell> {
  for (const { process } of children?.list() ?? []) if (process) yield* cellsWith(process);
}

/** The process itself, where it is an actor, and those below it. */
export function* cellsWith(process: Process): Generator<ActorCell> {
  if (process instanceof ActorCell) {
    yield process;
    yield* cellsBelow(process.cold?.children);
  } else if (process instanceof Supervisor) {
    yield* cellsBelow(process.children);
  }
}
