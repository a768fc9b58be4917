/** What users may say about how much a node sends to each other node. */
import { type Clock, errorMessage, type NetworkBounds } from '@jaegis/core';
import { realClock } from '@jaegis/node';
import { Bandwidth, type BandwidthOptions } from '@jaegis/resilience';
import { z } from 'zod';

export interface NetworkOptions
  extends Pick<BandwidthOptions, 'bytesPerSecond' | 'messagesPerSecond' | 'burstMs' | 'shares'> {
  /**
   * A message or answer of so many bytes is bulk: it waits aside, and all that is not for the same receiver passes it.
   * Default 65,536.
   */
  readonly bulkBytes?: number;
}

const BULK_BYTES = 65_536;
const positive = z.number().positive().max(1e12);
const share = z.number().min(0).max(1).optional();

const fields = z.strictObject({
  bytesPerSecond: positive,
  messagesPerSecond: positive.optional(),
  burstMs: z.number().min(1).max(3_600_000).optional(),
  shares: z.strictObject({ control: share, interactive: share, bulk: share }).optional(),
  bulkBytes: z.int().min(1).optional(),
});

export const networkSchema = fields.superRefine((given, context) => {
  try {
    networkBounds(given, realClock());
  } catch (error) {
    const message = errorMessage(error).replace('bandwidth.', '');
    context.addIssue({ code: 'custom', path: ['shares'], message });
  }
});

/** @throws InvalidConfigError for shares that are more than all of it together. */
export function networkBounds(
  { bulkBytes = BULK_BYTES, ...given }: z.infer<typeof fields>,
  clock: Clock,
): NetworkBounds {
  return { shaper: new Bandwidth(clock, given as NetworkOptions), bulkBytes }; // what is undefined is not there
}
