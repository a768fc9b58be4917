/**
 * How a connection says who it is: what users may give, and what nats.js is told. Called by `connectNats` before it
 * dials. No error and no log line holds a secret.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidConfigError, type Logger } from '@jaegis/core';
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  nkeys,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';

/** One way of authenticating. Files are read again at each reconnection, so that what they hold can be replaced. */
export type Auth =
  | { readonly user: string; readonly password: string }
  | { readonly token: string }
  /** The seed of a user: `SU…`. */
  | { readonly nkey: string }
  /** A file that holds the seed of a user. */
  | { readonly nkeyFile: string }
  /** A file with a user's JWT and seed, as `nsc generate creds` writes it. */
  | { readonly credentialsFile: string };

const ways = ['user', 'token', 'nkey', 'nkeyFile', 'credentialsFile'] as const;
const keys: readonly string[] = [...ways, 'password'];

/** @throws InvalidConfigError with the path of what is missing, unknown, no text, or a second way. */
export function checkAuth(auth: Auth): void {
  const given: Readonly<Record<string, unknown>> = { ...auth };
  for (const [key, value] of Object.entries(given)) {
    if (!keys.includes(key)) throw refused(`auth.${key}`, `is not known; known are ${keys.join(', ')}`);
    if (typeof value !== 'string' || value === '') throw refused(`auth.${key}`, 'must be a text that is not empty');
  }
  const [first, second] = ways.filter((way) => way in given);
  if (first === undefined) throw refused('auth', `must be one of ${ways.join(', ')}`);
  if (second !== undefined) throw refused(`auth.${second}`, `and auth.${first} are two ways; choose one`);
  if (first === 'user' && !('password' in given)) throw refused('auth.password', 'is missing');
  if (first !== 'user' && 'password' in given) throw refused('auth.password', `does not go with auth.${first}`);
}

/**
 * What nats.js calls at each dial. It must not throw: nats.js would close the connection for ever. So a file that cannot
 * be used at a reconnection is logged, and what it held before is used.
 *
 * @throws InvalidConfigError as {@link checkAuth}, and for a seed or a file that cannot be used now.
 */
export function authenticatorOf(auth: Auth, logger: Logger): Authenticator {
  checkAuth(auth);
  if ('user' in auth) return usernamePasswordAuthenticator(auth.user, auth.password);
  if ('token' in auth) return tokenAuthenticator(auth.token);
  if ('nkey' in auth) return nkeyAuthenticator(seedOf(auth.nkey, 'auth.nkey'));
  if ('nkeyFile' in auth) return nkeyAuthenticator(rereading(auth.nkeyFile, 'auth.nkeyFile', seedOf, logger));
  return credsAuthenticator(rereading(auth.credentialsFile, 'auth.credentialsFile', credentialsOf, logger));
}

function rereading(
  file: string,
  path: string,
  parse: (text: string, path: string) => Uint8Array,
  logger: Logger,
): () => Uint8Array {
  const absolute = resolve(file);
  const read = () => parse(readText(absolute, path), path);
  let newest = read();
  return () => {
    try {
      newest = read();
    } catch (error) {
      logger.error('Credentials cannot be read again; those read before are used', { path, error });
    }
    return newest;
  };
}

function seedOf(text: string, path: string): Uint8Array {
  const seed = new TextEncoder().encode(text.trim());
  try {
    if (nkeys.fromSeed(seed).getPublicKey().startsWith('U')) return seed;
  } catch {
    // What nkeys says might repeat the seed.
  }
  throw refused(path, 'must be the seed of a user, SU and 56 more letters and digits');
}

/** The same blocks as nats.js looks for. */
const block = /-{3,}[^\n]*-{3,}\r?\n\s*(\S+)\s*\r?\n\s*-{3,}[^\n]*-{3,}/g;

function credentialsOf(text: string, path: string): Uint8Array {
  const [jwt, seed] = [...text.matchAll(block)].map(([, content]) => content);
  if (jwt === undefined || seed === undefined) throw refused(path, 'must hold the JWT and the seed of a user');
  seedOf(seed, path);
  return new TextEncoder().encode(text);
}

function readText(file: string, path: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidConfigError(`${path} cannot be read: ${reason}.`, { cause, data: { path, file } });
  }
}

function refused(path: string, problem: string): Error {
  return new InvalidConfigError(`${path} ${problem}.`, { data: { path } });
}
