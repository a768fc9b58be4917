/** What the monitoring of a server tells: when it writes to its disk is in no other answer. */
import type { Clock } from '@jaegis/core';
import { get } from '../server/http.ts';
import { readingOf } from './clock-reading.ts';
import type { MonitorFacts } from './facts.ts';
import { asError } from './server-facts.ts';

/** The part of `/varz` that is read. */
interface Varz {
  readonly server_name?: string;
  readonly now?: string;
  readonly jetstream?: { readonly config?: { readonly sync_interval?: number; readonly sync_always?: boolean } };
}

export async function askMonitor(url: string, clock: Clock): Promise<MonitorFacts> {
  try {
    const began = clock.monotonic();
    const options = { clock, answerWithinMs: 2_000, stalledAfterMs: 2_000, maxBytes: 2 ** 20 };
    const text = (await get(`${url.replace(/\/$/, '')}/varz`, options)).toString('utf8');
    const tookMs = clock.monotonic() - began;
    // Written by nats-server; each field is looked at before it is used.
    const { server_name: name = 'a server without a name', now, jetstream } = JSON.parse(text) as Varz;
    return { url, answers: true, name, syncMs: syncMs(jetstream?.config), clock: readingOf(now, clock.now(), tookMs) };
  } catch (error) {
    return { url, answers: false, error: asError(error) };
  }
}

function syncMs(config: { sync_interval?: number; sync_always?: boolean } | undefined): number | undefined {
  if (config?.sync_always === true) return 0;
  return config?.sync_interval === undefined ? undefined : config.sync_interval / 1e6;
}
