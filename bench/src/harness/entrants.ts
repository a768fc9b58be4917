/** The ways an entrant can do its work: in a process that lasts, in a new one each round, or right here. */
import { fileURLToPath } from 'node:url';
import { openLineSession } from './line-session.ts';
import type { Entrant, Figures, Session, Workloads } from './session.ts';

/** Where the entrants of a suite run. Measurements take processes; tests of the harness have no time for them. */
export interface Place {
  /** `workload` of the module at this URL, `size` times a round. */
  lasting(module: string, workload: string, size: number): Entrant;
  /** The same with a new process for each round, for what cannot be undone, such as a heap. */
  fresh(module: string, workload: string, size: number): Entrant;
  /** An Erlang script that keeps to the protocol of line-session.ts. */
  erlang(script: string, workload: string, size: number): Entrant;
}

const childMain = fileURLToPath(new URL('child-main.ts', import.meta.url));

const openChild = (module: string, workload: string) =>
  openLineSession(process.execPath, ['--expose-gc', childMain, module, workload]);

export const processes: Place = {
  lasting: (module, workload, size) => ({ size, open: () => openChild(module, workload) }),
  fresh: (module, workload, size) => ({
    size,
    open: () => ({ round: (n) => once(() => openChild(module, workload), n) }),
  }),
  erlang: (script, workload, size) => ({
    size,
    open: () => openLineSession('escript', [fileURLToPath(script), workload]),
  }),
};

/** Everything in this process, and little of it. Its figures mean nothing. */
export function tiny(size: number, erlang: Place['erlang']): Place {
  const open = async (module: string, workload: string): Promise<Session> => {
    const { workloads }: { workloads: Workloads } = await import(module);
    const make = workloads[workload];
    if (!make) throw new Error(`There is no workload "${workload}" in ${module}.`);
    return make();
  };
  return {
    lasting: (module, workload) => ({ size, open: () => open(module, workload) }),
    fresh: (module, workload) => ({ size, open: () => ({ round: (n) => once(() => open(module, workload), n) }) }),
    erlang,
  };
}

async function once(open: () => Promise<Session>, size: number): Promise<Figures> {
  const session = await open();
  try {
    return await session.round(size);
  } finally {
    await session.close?.();
  }
}
