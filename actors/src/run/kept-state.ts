/** The last good state of an actor: kept over its restarts and its sleep, where its definition wants that. */
import type { Logger } from '@jaegis/core';
import type { CellKind } from './cell-kind.ts';
import type { Kept } from './cold-fields.ts';
import type { Behavior } from './contract.ts';
import { migrated } from './migration.ts';

/** Undefined where there is none, or it cannot be had. */
export function keep(
  kind: CellKind,
  behavior: Behavior | undefined,
  state: unknown,
  address: () => string,
  logger: Logger,
): Kept | undefined {
  if (!behavior || !kind.keepsState || state === undefined) return undefined;
  try {
    return { state: behavior.preserve(state), version: kind.version, plain: () => behavior.serialize(state) };
  } catch (error) {
    logger.warn('state lost at a restart', { address: address(), error });
    return undefined;
  }
}

/** As `start` of the behaviour takes it. @throws MigrationRefusedError, or what the migration threw. */
export function keptState(kind: CellKind, kept: Kept | undefined): unknown {
  if (!kept || !kind.keepsState) return undefined;
  const { type, version, options } = kind;
  if (kept.version === version) return kept.state;
  return migrated(type, options.migrate, kept.plain(), kept.version, version);
}
