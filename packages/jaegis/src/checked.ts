import { InvalidConfigError, isToken, tokenRule } from '@jaegis/core';
import { z } from 'zod';

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

const named = z.object({ cluster: z.string().refine(isToken, { error: tokenRule }) });

/** @throws InvalidConfigError for the name of a cluster that cannot be one. */
export function checkCluster(where: string, options: { readonly cluster: string }): void {
  checked(where, named, options);
}
