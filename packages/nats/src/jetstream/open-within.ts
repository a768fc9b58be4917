/** Opening what lives in JetStream while its servers may still be electing a leader: tries until a deadline. */
import { JaegisError, sleep } from '@jaegis/core';
import { JetStreamApiError } from '@nats-io/jetstream';
import { violationIn } from '../connection/refusals.ts';
import type { JetStreamAccess } from './access.ts';
import { refusedOptions, unavailable } from './errors.ts';

export interface OpenOptions {
  /** How long JetStream may be without a leader, in ms. Default 15,000. */
  readonly openWithinMs?: number | undefined;
}

const defaultOpenWithinMs = 15_000;
const pauseMs = 100;

/** JSStreamReplicasNotSupportedErr: a status 500 that will not pass. */
const replicasNotSupported = 10074;
const noPeers = 10005;

export async function openWithin(
  { link, clock }: JetStreamAccess,
  { name, openWithinMs = defaultOpenWithinMs }: OpenOptions & { readonly name: string },
  open: () => Promise<void>,
): Promise<void> {
  const deadline = clock.monotonic() + openWithinMs;
  for (;;) {
    link.assertOpen();
    try {
      return await link.orLost(open());
    } catch (cause) {
      if (cause instanceof JaegisError) throw cause;
      if (cause instanceof JetStreamApiError && isFinal(cause)) throw refusedOptions(name, cause);
      const isOver = clock.monotonic() >= deadline || violationIn(cause) !== undefined;
      if (isOver) throw unavailable({ what: `open ${name}`, data: { name } }, cause);
    }
    await sleep(clock, pauseMs);
  }
}

/** JSClusterNoPeersErrF, for servers that the leader of all does not see at the moment: one that was just started again. */
function isOffline({ code, message }: JetStreamApiError): boolean {
  return code === noPeers && message.includes('offline');
}

function isFinal(error: JetStreamApiError): boolean {
  const { status, code } = error;
  if (isOffline(error)) return false;
  return status === 400 || status === 404 || code === replicasNotSupported;
}
