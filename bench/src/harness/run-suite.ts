import { machine } from './machine.ts';
import { measureRow } from './measure-row.ts';
import type { Report, Row } from './report.ts';
import type { Suite } from './session.ts';

export interface RunOptions {
  /** That count, after one that warms up. */
  readonly rounds: number;
  /** Rows whose name contains it. Default: all. */
  readonly only?: string | undefined;
  /** Called before each row. */
  readonly onRow?: (name: string) => void;
}

/** Measures a suite row after row. A row that fails says so itself; nothing of it is thrown. */
export async function runSuite(suite: Suite, { rounds, only, onRow }: RunOptions): Promise<Report> {
  const rows: Row[] = [];
  for (const spec of rowsOf(suite, only)) {
    onRow?.(spec.name);
    rows.push(await measureRow(spec, rounds));
  }
  return { suite: suite.name, machine: machine(await suite.versions()), rows };
}

/** Its rows whose name contains `only`, in any case. */
export function rowsOf(suite: Suite, only = ''): Suite['rows'] {
  return suite.rows.filter(({ name }) => name.toLowerCase().includes(only.toLowerCase()));
}
