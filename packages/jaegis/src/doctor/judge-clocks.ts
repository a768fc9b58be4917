/** Whether the clocks of this machine, the servers and the nodes agree. Pure. */
import type { ClockReading } from '@jaegis/nats';
import { bad, type Finding, ok } from './finding.ts';
import { ms } from './judge-servers.ts';

export interface NamedClock {
  readonly of: string;
  readonly reading: ClockReading | undefined;
}

const apartMs = 250;
const farApartMs = 5_000;

/** Only what is beyond the doubt of the measurement counts. */
export function judgeClocks(clocks: readonly NamedClock[]): Finding[] {
  const about = 'clocks';
  const read = clocks.flatMap(({ of, reading }) => (reading ? [{ of, ...reading }] : []));
  if (read.length === 0) {
    const means = 'Timers fire by the clocks of the servers, and events are ordered by those of the nodes';
    return [
      bad('unknown', about, 'nobody tells the time', means, 'Permit $SYS.REQ.USER.INFO to this user, or start a node'),
    ];
  }
  const wrong = read.filter(({ aheadMs, withinMs }) => Math.abs(aheadMs) - withinMs > apartMs);
  if (wrong.length > 0) return wrong.map(({ of, aheadMs, withinMs }) => apart(of, aheadMs, withinMs));
  const most = Math.max(...read.map(({ aheadMs }) => Math.abs(aheadMs)));
  return [ok(about, `${read.length} agree with this machine's, within ${ms(most)}`)];
}

function apart(of: string, aheadMs: number, withinMs: number): Finding {
  const amount = Math.abs(aheadMs);
  const level = amount - withinMs > farApartMs ? 'fail' : 'warn';
  const found = `the clock of ${of} is ${ms(amount)} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
  const means = 'Timers fire early or late by as much, and what expires (credentials, certificates) may be refused';
  return bad(level, 'clocks', found, means, 'Run NTP (chrony, systemd-timesyncd) on all machines');
}
