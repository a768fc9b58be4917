/**
 * What each role must be permitted, as things that can be tried without consequence: messages that nobody listens to,
 * appends that no stream takes in, requests that JetStream refuses for what is in them. docs/security.md has the whole
 * list; a test holds the two against each other. Pure.
 */
import type { Trial } from '@jaegis/nats';

export const roles = ['member', 'client', 'inspector', 'operator', 'backup'] as const;
export type Role = (typeof roles)[number];

export interface Need extends Trial {
  /** After "cannot". */
  readonly why: string;
}

export interface RoleWorld {
  readonly cluster: string;
  readonly inboxPrefix: string;
  /** Nobody else has it. */
  readonly chance: string;
}

/** Stream and request disagree on the name, so it is refused before anything is made. */
const otherName = JSON.stringify({ name: 'JAEGIS-none', stream_name: 'JAEGIS-none' });
/** There is no record 0. */
const noRecord = JSON.stringify({ seq: 0 });

export function needsOf(role: Role, world: RoleWorld): readonly Need[] {
  const all = {
    member: memberNeeds,
    client: clientNeeds,
    inspector: inspectorNeeds,
    operator: operatorNeeds,
    backup: backupNeeds,
  };
  return [
    ...all[role](world),
    subscribe(`${world.inboxPrefix}.${world.chance}`, 'receive answers; see --nats-inbox-prefix'),
  ];
}

function memberNeeds(world: RoleWorld): Need[] {
  const { cluster, chance } = world;
  const at = (rest: string) => `jaegis.${cluster}.${rest}`;
  const journals = [`JAEGIS_${cluster}_HEALTH`, `JAEGIS_${cluster}_TURNS`];
  const inbox = `JAEGIS_${cluster}_INBOX`;
  const buckets = [`OBJ_JAEGIS_${cluster}_LARGE`, `OBJ_JAEGIS_${cluster}_BODIES`];
  const nothing = JSON.stringify({ filter: at(`inbox.none.none.${chance}`) });
  return [
    publish(at(`node.${chance}.${chance}.in`), 'speak to other nodes'),
    append(at(`turn.none.none.${chance}`), 'write turns'),
    append(at('health'), 'agree with others on who lives'),
    append(at(`inbox.none.none.${chance}`), 'send'),
    publish(`_INBOX.${chance}.none`, 'answer inspectors'),
    ...[...journals, inbox, ...buckets].flatMap((stream) => streamNeeds(stream)),
    api(`STREAM.PURGE.${inbox}`, 'take off what was consumed', nothing),
    api(`CONSUMER.CREATE.${inbox}`, 'follow inboxes', otherName),
    api(`CONSUMER.CREATE.${inbox}.${chance}.${at(`inbox.none.none.${chance}`)}`, 'follow inboxes', otherName),
    api(`CONSUMER.MSG.NEXT.${inbox}.${chance}`, 'follow inboxes'),
    ...large(cluster, chance),
    subscribe(at(`node.${chance}.${chance}.in`), 'be spoken to'),
    subscribe(at(`reply.${chance}.none`), 'be answered'),
    subscribe(at('event'), 'hear of events'),
    subscribe(`$SRV.PING.${chance}`, 'be found by inspectors'),
  ];
}

function streamNeeds(stream: string): Need[] {
  return [
    api(`STREAM.INFO.${stream}`, `find the stream ${stream}`),
    api(`STREAM.CREATE.${stream}`, `make the stream ${stream}`, otherName),
    api(`STREAM.UPDATE.${stream}`, `give the stream ${stream} more copies`, otherName),
    api(`STREAM.MSG.GET.${stream}`, `read the stream ${stream}`, noRecord),
  ];
}

function clientNeeds({ cluster, chance }: RoleWorld): Need[] {
  const at = (rest: string) => `jaegis.${cluster}.${rest}`;
  const found = ['HEALTH', 'TURNS', 'INBOX'].map((name) => `JAEGIS_${cluster}_${name}`);
  const buckets = [`OBJ_JAEGIS_${cluster}_LARGE`, `OBJ_JAEGIS_${cluster}_BODIES`];
  return [
    publish(at(`node.${chance}.${chance}.in`), 'ask and tell'),
    append(at(`inbox.none.none.${chance}`), 'send'),
    publish(at(`inspect.${chance}`), 'look at the cluster'),
    ...[...found, ...buckets].map((stream) => api(`STREAM.INFO.${stream}`, `find the stream ${stream}`)),
    ...[`JAEGIS_${cluster}_HEALTH`, `JAEGIS_${cluster}_TURNS`, ...buckets].map((stream) =>
      api(`STREAM.MSG.GET.${stream}`, `read the stream ${stream}`, noRecord),
    ),
    ...large(cluster, chance),
    subscribe(at(`reply.${chance}.none`), 'be answered'),
    subscribe(at('consensus.leads'), 'hear who lives'),
    subscribe(at('consensus.entry'), 'hear who lives'),
    subscribe(at('event'), 'hear of events'),
  ];
}

function inspectorNeeds({ cluster, chance }: RoleWorld): Need[] {
  return [publish(`jaegis.${cluster}.inspect.${chance}`, 'look at the cluster')];
}

function operatorNeeds({ cluster, chance }: RoleWorld): Need[] {
  return [
    publish(`jaegis.${cluster}.inspect.${chance}`, 'look at the cluster'),
    publish(`jaegis.${cluster}.reveal.${chance}`, 'look at states and messages'),
    publish(`jaegis.${cluster}.operate.${chance}`, 'ask, send, drain, tune policies and see to dead letters'),
  ];
}

function backupNeeds({ cluster }: RoleWorld): Need[] {
  const streams = [`JAEGIS_${cluster}_TURNS`, `JAEGIS_${cluster}_INBOX`, `OBJ_JAEGIS_${cluster}_BODIES`];
  return streams.flatMap((stream) => [
    api(`STREAM.INFO.${stream}`, `find the stream ${stream}`),
    api(`STREAM.MSG.GET.${stream}`, `read the stream ${stream}`, noRecord),
  ]);
}

function large(cluster: string, chance: string): Need[] {
  return ['LARGE', 'BODIES'].map((bucket) =>
    append(`$O.JAEGIS_${cluster}_${bucket}.C.${chance}`, 'send what is too large for one message'),
  );
}

function publish(subject: string, why: string): Need {
  return { does: 'publish', subject, why };
}

function append(subject: string, why: string): Need {
  return { does: 'publish', subject, why, isForNoStream: true };
}

function api(request: string, why: string, body?: string): Need {
  return { does: 'publish', subject: `$JS.API.${request}`, why, ...(body === undefined ? {} : { body }) };
}

function subscribe(subject: string, why: string): Need {
  return { does: 'subscribe', subject, why };
}
