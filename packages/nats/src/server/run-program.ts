/** Runs a program to its end for its output. Used for apt and dpkg. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Lines that the program writes to its file descriptor 3. */
  readonly onStatus?: (line: string) => void;
}

/** More of the output than this is not kept: the end says what went wrong. */
const keptCharacters = 2 ** 20;

/** Resolves with the standard output. Rejects with the end of the error output when the program does not end with 0. */
export function runProgram(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { cwd, env, onStatus } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    let [output, errors, status] = ['', '', ''];
    child.stdout?.on('data', (chunk) => {
      output = (output + chunk).slice(-keptCharacters);
    });
    child.stderr?.on('data', (chunk) => {
      errors = (errors + chunk).slice(-keptCharacters);
    });
    child.stdio[3]?.on('data', (chunk) => {
      const lines = (status + chunk).split('\n');
      status = lines.pop() ?? '';
      for (const line of lines) onStatus?.(line);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ended with ${signal ?? `code ${code}`}: ${lastLines(errors)}`));
    });
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join('\n');
}
