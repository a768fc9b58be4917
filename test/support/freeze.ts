import { readdir, readFile } from 'node:fs/promises';

/**
 * Stops a process and waits until all of its threads stand: the signal alone says so before one that runs on another
 * core does. Where there is no /proc it is stopped soon.
 */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  while (await someThreadRuns(pid));
}

async function someThreadRuns(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const states = await Promise.all(threads.map((thread) => stateOf(`/proc/${pid}/task/${thread}/stat`)));
  return states.some((state) => state !== 'T' && state !== '');
}

/** The letter after the name, which stands in brackets; nothing for a thread that has ended. */
async function stateOf(file: string): Promise<string> {
  const line = await readFile(file, 'utf8').catch(() => '');
  return line.slice(line.lastIndexOf(')') + 2).slice(0, 1);
}
