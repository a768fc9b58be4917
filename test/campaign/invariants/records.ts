/** What is in the logs, read with nothing of the code that wrote it but the codec. */
import { jsonCodec } from '@jaegis/codec';

/** Of the turn of an entity, what judges need. */
export interface SeenTurn {
  readonly turn: number;
  readonly writer: string;
  readonly node: string;
  readonly entries: readonly string[];
  /** When each of its timers is to fire, by name. */
  readonly timers: ReadonlyMap<string, number>;
}

const codec = jsonCodec();
/** A mark, the format and a checksum. */
const SEAL_BYTES = 6;
const FIELDS = { turn: 0, writer: 1, node: 2, state: 5, timers: 14 };

/** `type/key`; undefined for another kind of subject. */
export function entityOf(subject: string): string | undefined {
  const [, , kind, , type, key] = subject.split('.');
  return kind === 'turn' ? `${type}/${key}` : undefined;
}

export function readTurn(data: Uint8Array): SeenTurn {
  const fields = codec.decode(data.subarray(SEAL_BYTES)) as readonly unknown[];
  const timers = (fields[FIELDS.timers] ?? []) as readonly (readonly [name: string, id: string, atMs: number])[];
  const { entries } = fields[FIELDS.state] as { readonly entries: readonly string[] };
  return {
    turn: Number(fields[FIELDS.turn]),
    writer: String(fields[FIELDS.writer]),
    node: String(fields[FIELDS.node]),
    entries,
    timers: new Map(timers.map(([name, , atMs]) => [name, atMs])),
  };
}

export function readPlain(data: Uint8Array): unknown {
  return codec.decode(data);
}
