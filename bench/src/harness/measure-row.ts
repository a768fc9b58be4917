/**
 * One row: ours and its peers take turns, a round each, so that what disturbs the machine disturbs all of them. The
 * first round of each warms up and is dropped. A peer that is absent is left out; any other failure is the row's.
 */
import type { Row } from './report.ts';
import { type Entrant, PeerAbsentError, type RowSpec, type Session } from './session.ts';
import { spreadOf } from './spread.ts';
import { isMet, ratiosOf } from './verdict.ts';

const OURS = '';

interface Contestant {
  readonly name: string;
  readonly size: number;
  readonly session: Session;
  readonly figures: number[];
}

export async function measureRow(spec: RowSpec, rounds: number): Promise<Row> {
  const { name, unit, better, goal } = spec;
  const open: Contestant[] = [];
  const absent: string[] = [];
  try {
    await enter(OURS, spec.ours, open, absent);
    for (const [peer, entrant] of Object.entries(spec.peers)) await enter(peer, entrant, open, absent);
    const counted = spec.isOnce ? 1 : rounds * (spec.patience ?? 1);
    await takeTurns(open, counted, spec.isOnce ? 0 : 1);
    const spreads = open.map((one) => [one.name, spreadOf(one.figures)] as const);
    const peers = Object.fromEntries(spreads.filter(([peer]) => peer !== OURS));
    const ours = spreads.find(([peer]) => peer === OURS)?.[1];
    if (!ours) throw new Error(absent.join(' '));
    const ratio = ratiosOf(ours, peers);
    const beside = spec.documented === undefined ? {} : { documented: spec.documented };
    const verdict = { goal, met: isMet(spec, ours, peers) };
    const row = { name, unit, better, ours, peers, ...beside, rounds: counted, ratio, ...verdict };
    const notes = row.met === false && spec.shortfall !== undefined ? [...absent, spec.shortfall] : absent;
    return notes.length > 0 ? { ...row, note: notes.join(' ') } : row;
  } catch (error) {
    const failed = { name, unit, better, ours: null, peers: {}, ratio: {}, goal, met: false };
    return { ...failed, error: error instanceof Error ? error.message : String(error) };
  } finally {
    await Promise.allSettled(open.map(async ({ session }) => session.close?.()));
  }
}

async function enter(name: string, { size, open }: Entrant, to: Contestant[], absent: string[]): Promise<void> {
  try {
    to.push({ name, size, session: await open(), figures: [] });
  } catch (error) {
    if (!(error instanceof PeerAbsentError)) throw error;
    absent.push(error.message);
  }
}

async function takeTurns(contestants: readonly Contestant[], rounds: number, warmUps: number): Promise<void> {
  for (let round = 0; round < rounds + warmUps; round++) {
    const first = round % Math.max(1, contestants.length); // nobody is always the first, or always behind the same one
    for (const { session, size, figures } of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      const figure = await session.round(size);
      if (round >= warmUps) figures.push(...[figure].flat());
    }
  }
}
