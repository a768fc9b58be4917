import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('responder-main.ts', import.meta.url));

/** Starts the process that answers with what this module's `respond` says. */
export async function startResponder(module: string): Promise<{ close(): Promise<void> }> {
  const child = spawn(process.execPath, [main, module], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const early = ended.then(() => Promise.reject(new Error(`The responder of ${module} has ended.`)));
  await Promise.race([once(child.stdout, 'data'), early]);
  early.catch(() => {});
  return {
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
