/** What users may say about how nodes judge each other: which values are usable, alone and together. */
import { defaultHealth, type HealthSettings } from '@jaegis/core';
import { z } from 'zod';

const ms = (least: number) => z.number().min(least).max(3_600_000).optional();

const fields = {
  beatMs: ms(20),
  askAfterMs: ms(1),
  answerMs: ms(1),
  silentAfterMs: ms(1),
  silentAtMostMs: ms(1),
  phi: z.number().min(1).max(100).optional(),
  stalledAfterMs: ms(1),
  cutOffAfterMs: ms(1),
  steadyMs: ms(0),
  stallBoundMs: ms(1),
} satisfies Record<keyof HealthSettings, z.ZodType>;

/** Each must be more than the other, the defaults included. */
const order = [
  ['askAfterMs', 'beatMs'],
  ['silentAfterMs', 'askAfterMs'],
  ['silentAtMostMs', 'silentAfterMs'],
  ['stalledAfterMs', 'beatMs'],
  ['cutOffAfterMs', 'stalledAfterMs'],
  ['stallBoundMs', 'stalledAfterMs'],
] as const;

export const healthSchema = z.strictObject(fields).superRefine((given, context) => {
  const health = withDefaults(given);
  for (const [more, less] of order) {
    if (health[more] > health[less]) continue;
    const message = `must be more than ${less}, which is ${health[less]}`;
    context.addIssue({ code: 'custom', path: [more], message });
  }
});

/** All of them. */
export function withDefaults(given: z.infer<typeof healthSchema> | undefined): HealthSettings {
  const set = Object.entries(given ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaultHealth, ...Object.fromEntries(set) };
}
