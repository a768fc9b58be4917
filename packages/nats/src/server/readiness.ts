/**
 * Whether servers are ready, asked of their monitoring: it tells who answers (a port may be another's by now), that all
 * streams are recovered, and for a cluster that the meta leader sees all its followers up to date, which is when a
 * stream of three replicas can be made. A client connection would tell less and cost more.
 */
import type { Clock } from '@jaegis/core';
import { get } from './http.ts';
import type { ClusterPlan, ServerPlan } from './server-config.ts';

/** The part of `/varz` that we read. */
export interface Varz {
  readonly server_name?: string;
  readonly jetstream?: {
    readonly meta?: {
      readonly leader?: string;
      /** Whether they are current, only the leader knows. */
      readonly replicas?: readonly { readonly current?: boolean; readonly offline?: boolean }[];
    };
  };
}

/** What one server answered; `undefined`: nothing. */
export interface Answer {
  readonly varz: Varz | undefined;
  readonly isHealthy: boolean;
}

export type Readiness = 'silent' | 'electing' | 'ready';

/** `silent` until all servers answer and are healthy but for a missing leader. */
export function readinessOf({ servers }: Pick<ClusterPlan, 'servers'>, answers: readonly Answer[]): Readiness {
  const isOurs = servers.every(({ name }, index) => answers[index]?.varz?.server_name === name);
  if (!isOurs) return 'silent';
  const isHealthy = answers.every((answer) => answer.isHealthy);
  if (servers.length === 1) return isHealthy ? 'ready' : 'silent';
  return isHealthy && answers.some((answer) => leadsAll(answer, servers.length)) ? 'ready' : 'electing';
}

function leadsAll({ varz }: Answer, count: number): boolean {
  const meta = varz?.jetstream?.meta;
  const followers = meta?.replicas?.filter(({ current, offline }) => current === true && offline !== true) ?? [];
  return meta?.leader !== undefined && meta.leader === varz?.server_name && followers.length === count - 1;
}

export function askAll({ servers }: Pick<ClusterPlan, 'servers'>, clock: Clock): Promise<Answer[]> {
  return Promise.all(servers.map((server) => ask(server, clock, servers.length > 1)));
}

async function ask({ monitorPort }: ServerPlan, clock: Clock, isCluster: boolean): Promise<Answer> {
  const options = { clock, answerWithinMs: 2_000, stalledAfterMs: 2_000, maxBytes: 2 ** 20 };
  try {
    const base = `http://127.0.0.1:${monitorPort}`;
    // Written by nats-server; each field is looked at before it is used.
    const varz = JSON.parse((await get(`${base}/varz`, options)).toString('utf8')) as Varz;
    // A server without a leader is not healthy and would fill its log with saying so.
    if (isCluster && varz.jetstream?.meta?.leader === undefined) return { varz, isHealthy: false };
    const isHealthy = await get(`${base}/healthz`, options).then(
      () => true,
      () => false,
    );
    return { varz, isHealthy };
  } catch {
    return { varz: undefined, isHealthy: false };
  }
}
