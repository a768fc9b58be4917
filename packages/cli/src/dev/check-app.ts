/** Whether an app can be loaded, found out in a process of its own, so that what it breaks is no node. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface AppCheck {
  /** What is wrong, with its place; undefined: nothing. */
  readonly problem: string | undefined;
  /** The files of the user that were loaded, as far as it came. */
  readonly files: readonly string[];
}

/** An app that does not load within this hangs, in ms. */
const patienceMs = 15_000;
const mostText = 64 * 1024;

/** From the sources it ends with .ts, from the published package with .js. */
const program = fileURLToPath(
  new URL(`./app-check${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

export async function checkApp(app: string): Promise<AppCheck> {
  const child = spawn(process.execPath, [program, app], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const said = { out: '', error: '' };
  const keep = (text: string, data: Buffer) => (text + data.toString()).slice(-mostText);
  child.stdout.on('data', (data: Buffer) => {
    said.out = keep(said.out, data);
  });
  child.stderr.on('data', (data: Buffer) => {
    said.error = keep(said.error, data);
  });
  const force = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  const [code] = await once(child, 'close');
  clearTimeout(force);
  const files = filesIn(said.out);
  if (code === 0) return { problem: undefined, files };
  return { problem: problemIn(said.error) || `It took longer than ${patienceMs} ms to load.`, files };
}

/** The last line, after whatever the app printed. */
export function filesIn(output: string): string[] {
  try {
    const value: unknown = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
    if (typeof value !== 'object' || value === null || !('files' in value) || !Array.isArray(value.files)) return [];
    return value.files.map((url) => fileURLToPath(String(url)));
  } catch {
    return [];
  }
}

/** Without what is inside Node.js or this command, which is not the user's to mend. */
export function problemIn(output: string): string {
  const own = output.replace(/^node:internal\/\S+\n[^\n]*\n\s*\^+\n/, '').replace(/ \{\n(?: {2}.*\n)+\}\n/, '\n');
  const lines = own.split('\n').filter((line) => !/^\s+at .*(\bnode:|\bapp-check\.)|^Node\.js v/.test(line));
  return lines.join('\n').trim();
}
