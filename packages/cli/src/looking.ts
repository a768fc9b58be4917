/** Commands that ask a running cluster: with its settings and, where they have any, options of their own. */
import { type Inspection, requestInspection } from 'jaegis';
import { reached } from './nats-settings.ts';
import { readSettings, type Settings } from './settings.ts';

type Flags = Record<string, unknown>;

/** @param own Names of options that are no settings; they are handed on as they are. */
export async function looking(
  flags: Flags,
  own: readonly string[],
  look: (inspection: Inspection, settings: Settings, given: Flags) => Promise<void>,
): Promise<void> {
  const isOwn = ([name]: [string, unknown]) => own.includes(name);
  const given = Object.fromEntries(Object.entries(flags).filter(isOwn));
  const settings = await readSettings(Object.fromEntries(Object.entries(flags).filter((entry) => !isOwn(entry))));
  await using inspection = await requestInspection(reached(settings));
  await look(inspection, settings, given);
}

/** As an object leaves it out where it is undefined. */
export function given<T extends object>(values: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: NonNullable<T[Name]> }; // what is left is defined
}
