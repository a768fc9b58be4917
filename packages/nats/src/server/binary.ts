/** Looks at a program: is it a nats-server, and new enough? Asked of every candidate before it is used. */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { reasonOf } from './reason.ts';
import { isNewEnough, parseServerVersion } from './version.ts';

/** Where a nats-server was found. */
export type ServerOrigin = 'setting' | 'path' | 'cache' | 'release' | 'debian';

/** A nats-server that can be started. */
export interface ServerBinary {
  /** Absolute. */
  readonly path: string;
  /** As in `2.15.1`. */
  readonly version: string;
  readonly origin: ServerOrigin;
}

export type Inspection =
  | { readonly kind: 'usable'; readonly version: string }
  | { readonly kind: 'too-old'; readonly version: string }
  | { readonly kind: 'unusable'; readonly reason: string };

/** A program that is no nats-server may do anything with `-v`, also wait for ever. */
const answerWithinMs = 10_000;

export async function inspectServer(path: string): Promise<Inspection> {
  try {
    if ((await stat(path)).isDirectory()) return { kind: 'unusable', reason: 'it is a folder' };
    const { stdout, stderr } = await promisify(execFile)(path, ['-v'], {
      timeout: answerWithinMs,
      killSignal: 'SIGKILL',
    });
    const version = parseServerVersion(`${stdout}\n${stderr}`);
    if (version === undefined) return { kind: 'unusable', reason: 'it does not answer -v as nats-server does' };
    return { kind: isNewEnough(version) ? 'usable' : 'too-old', version };
  } catch (error) {
    return { kind: 'unusable', reason: whyNot(error) };
  }
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES') return 'it is not executable';
  if (typeof code === 'number') return `it is no nats-server: with -v it ends with code ${code}`;
  return `it cannot be run (${reasonOf(error)})`;
}
