/** A workload in a Node.js process of its own, the other end of line-session.ts: `child-main.ts MODULE WORKLOAD`. */
import { createInterface } from 'node:readline';
import type { Session, Workloads } from './session.ts';

const say = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const failure = (error: unknown) => ({
  error: error instanceof Error ? (error.stack ?? error.message) : String(error),
});

const [module = '', name = ''] = process.argv.slice(2);

async function open(): Promise<Session> {
  const { workloads }: { workloads: Workloads } = await import(module);
  const make = workloads[name];
  if (!make) throw new Error(`There is no workload "${name}" in ${module}.`);
  return make();
}

async function answer(session: Session, size: number): Promise<object> {
  try {
    return { value: await session.round(size) };
  } catch (error) {
    return failure(error);
  }
}

try {
  const session = await open();
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    say(await answer(session, Number(line)));
  }
  await session.close?.();
} catch (error) {
  say(failure(error));
}
process.exit();
