/** The contract of the benchmark's JSON, written down a second time and strictly, for tests. */
import { z } from 'zod';

const spread = z
  .strictObject({ median: z.number(), min: z.number(), max: z.number(), p99: z.number().optional() })
  .refine(({ median, min, max }) => min <= median && median <= max, 'the median lies between least and most');

const row = z
  .strictObject({
    name: z.string().min(1),
    unit: z.string().min(1),
    better: z.enum(['higher', 'lower']),
    ours: spread,
    peers: z.record(z.string(), spread),
    documented: z.record(z.string(), z.strictObject({ figure: z.number(), source: z.string().min(1) })).optional(),
    rounds: z.number().int().positive(),
    ratio: z.record(z.string(), z.number()),
    goal: z.record(z.string(), z.number()),
    met: z.boolean().nullable(),
    note: z.string().min(1).optional(),
  })
  .refine(({ peers, ratio }) => `${Object.keys(peers)}` === `${Object.keys(ratio)}`, 'each peer has its ratio')
  .refine(
    ({ ours, peers, ratio }) =>
      Object.entries(ratio).every(([name, of]) => of === ours.median / (peers[name]?.median ?? 0)),
    'a ratio is the median of ours by that of the peer',
  );

/** A run without failures. */
export const reportSchema = z.strictObject({
  suite: z.string().min(1),
  machine: z.strictObject({
    cpu: z.string().min(1),
    cores: z.number().int().positive(),
    memoryGB: z.number().positive(),
    os: z.string().min(1),
    versions: z.record(z.string(), z.string()),
  }),
  rows: z.array(row).min(1),
});
