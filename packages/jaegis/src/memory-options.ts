/** What users may say about the memory of mailboxes. */
import type { MailboxMemory } from '@jaegis/actors';
import { z } from 'zod';

const isBudget = (value: unknown) =>
  typeof value === 'object' && value !== null && 'reserve' in value && typeof value.reserve === 'function';
const isFunction = (value: unknown) => typeof value === 'function';

export const memorySchema = z.strictObject({
  budget: z.custom<MailboxMemory['budget']>(isBudget, 'must be a MemoryBudget'),
  tenant: z.union([z.string(), z.custom<Exclude<MailboxMemory['tenant'], string>>(isFunction)]).optional(),
});
