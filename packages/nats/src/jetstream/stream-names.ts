import type { JetStreamManager } from '@nats-io/jetstream';

/** Names are listed so far; an account with more streams is seen in part. */
const mostNames = 10_000;

/**
 * Of the streams of the account, as far as one may ask; undefined where one may not.
 * @param subject Only those that take in something of it. Default: all.
 */
export async function streamNames(
  manager: () => Promise<JetStreamManager>,
  subject?: string,
): Promise<string[] | undefined> {
  try {
    const names: string[] = [];
    for await (const name of (await manager()).streams.names(subject)) {
      if (names.push(name) >= mostNames) break;
    }
    return names;
  } catch {
    return undefined;
  }
}
