import { InvalidConfigError } from '@jaegis/core';
import type { z } from 'zod';

/**
 * What a schema makes of what a user gave.
 *
 * @param where Begins the message: which function was given it.
 * @throws InvalidConfigError with the path of the first value that is not usable.
 */
export function checked<Schema extends z.ZodType>(where: string, schema: Schema, given: unknown): z.infer<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...(issue?.path ?? []), ...unknown].join('.');
  const why = (issue?.message ?? 'not usable').replace(/\.$/, ''); // some are sentences, some are not
  throw new InvalidConfigError(`${where}: ${path === '' ? 'the options' : path}: ${why}.`, { data: { path } });
}
