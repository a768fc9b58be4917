import { MigrationRefusedError } from '@jaegis/core';

/**
 * Brings a state to the version of the definition.
 *
 * @throws MigrationRefusedError where there is no way from the one to the other.
 */
export function migrated(
  type: string,
  migrate: ((state: never, fromVersion: number) => unknown) | undefined,
  state: unknown,
  from: number,
  to: number,
): unknown {
  const refuse = (why: string, cause?: unknown) =>
    new MigrationRefusedError(
      `The state of "${type}" is of version ${from}, the definition of version ${to}: ${why}.`,
      {
        data: { type, from, to },
        cause,
      },
    );
  if (from > to) throw refuse('it is newer');
  if (!migrate) throw refuse('there is no migrate function');
  try {
    return migrate(state as never, from); // the application knows its older versions
  } catch (cause) {
    throw refuse('the migration failed', cause);
  }
}
