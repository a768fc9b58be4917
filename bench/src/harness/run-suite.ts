import { machine } from './machine.ts';
import { measureRow } from './measure-row.ts';
import type { Report, Row } from './report.ts';
import type { RowSpec, Suite } from './session.ts';

export interface RunOptions {
  /** That count, after one that warms up. */
  readonly rounds: number;
  /** Rows whose name contains it. Default: all. */
  readonly only?: string | undefined;
  /** Of the work of a round. Default: the row's own. */
  readonly size?: number | undefined;
  /** Called before each row. */
  readonly onRow?: (name: string) => void;
}

/** Measures a suite row after row. A row that fails says so itself; nothing of it is thrown. */
export async function runSuite(suite: Suite, { rounds, only, size, onRow }: RunOptions): Promise<Report> {
  const rows: Row[] = [];
  for (const spec of rowsOf(suite, only)) {
    onRow?.(spec.name);
    rows.push(await measureRow(size === undefined ? spec : sized(spec, size), rounds));
  }
  return { suite: suite.name, machine: machine(await suite.versions()), rows };
}

function sized(spec: RowSpec, size: number): RowSpec {
  const peers = Object.entries(spec.peers).map(([name, peer]) => [name, { ...peer, size }]);
  return { ...spec, ours: { ...spec.ours, size }, peers: Object.fromEntries(peers) };
}

/** Its rows whose name contains `only`, in any case. */
export function rowsOf(suite: Suite, only = ''): Suite['rows'] {
  return suite.rows.filter(({ name }) => name.toLowerCase().includes(only.toLowerCase()));
}
