/** What users may say about TLS, checked before the first dial. Called by `connectNats`. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidConfigError } from '@jaegis/core';
import type { TlsOptions } from '@nats-io/transport-node';

/** Files in PEM format; they are read again at each reconnection, so that they can be replaced. */
export interface Tls {
  /** Who may have signed the servers' certificates. Default: those that Node.js trusts. */
  readonly caFile?: string;
  /** With `keyFile`, for servers that verify their clients. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** TLS before anything else is said, for servers with `handshake_first`. Default false. */
  readonly handshakeFirst?: boolean;
}

/**
 * What nats.js is told; undefined leaves it to the servers, which may ask for TLS. With anything else a server without
 * TLS is refused, so that nobody in between can talk us out of it.
 *
 * @throws InvalidConfigError with the path of a file that cannot be used.
 */
export function tlsOf(tls: Tls | true | undefined, servers: readonly string[]): WantedTls | undefined {
  if (tls === undefined && !servers.some((server) => server.startsWith('tls://'))) return undefined;
  return { ...(tls === undefined || tls === true ? {} : filesOf(tls)), checkServerIdentity };
}

/** nats.js hands on to Node.js what it does not know itself. */
type WantedTls = TlsOptions & { readonly checkServerIdentity: typeof checkServerIdentity };

/** What Node.js is told of one connection, of which it is the `this`. */
interface Dialled {
  readonly servername?: string;
  readonly host?: string;
  readonly socket?: { readonly remoteAddress?: string };
}

/**
 * Whom the certificate is for. nats.js names nobody to Node.js where the address is one of numbers, which then asks for
 * "localhost" (3.4): a certificate for that would do anywhere, and one for the address nowhere.
 */
function checkServerIdentity(this: Dialled, _host: string, { raw }: { readonly raw: Uint8Array }): Error | undefined {
  const name = this.servername || this.host || (this.socket?.remoteAddress ?? '');
  const certificate = new X509Certificate(raw);
  const isFor = name !== '' && (certificate.checkHost(name) ?? certificate.checkIP(name)) !== undefined;
  if (isFor) return undefined;
  return new Error(`the certificate is for ${certificate.subjectAltName ?? 'nobody'}, not for ${name}`);
}

function filesOf(tls: Tls): TlsOptions {
  const { caFile, certFile, keyFile, handshakeFirst } = tls;
  if (caFile !== undefined) certificateIn(caFile, 'tls.caFile');
  if (certFile !== undefined && keyFile === undefined) throw refused('tls.keyFile', 'is missing for tls.certFile');
  if (keyFile !== undefined && certFile === undefined) throw refused('tls.certFile', 'is missing for tls.keyFile');
  if (certFile !== undefined && keyFile !== undefined) {
    const certificate = certificateIn(certFile, 'tls.certFile');
    if (!certificate.checkPrivateKey(keyIn(keyFile))) throw refused('tls.keyFile', 'is not the key of tls.certFile');
  }
  return {
    ...(caFile === undefined ? {} : { caFile: resolve(caFile) }),
    ...(certFile === undefined ? {} : { certFile: resolve(certFile) }),
    ...(keyFile === undefined ? {} : { keyFile: resolve(keyFile) }),
    ...(handshakeFirst === undefined ? {} : { handshakeFirst }),
  };
}

function certificateIn(file: string, path: string): X509Certificate {
  const data = read(file, path);
  try {
    return new X509Certificate(data);
  } catch {
    throw refused(path, `(${file}) holds no certificate in PEM format`);
  }
}

function keyIn(file: string): KeyObject {
  const data = read(file, 'tls.keyFile');
  try {
    return createPrivateKey(data);
  } catch {
    throw refused('tls.keyFile', `(${file}) holds no private key in PEM format, or one with a passphrase`);
  }
}

function read(file: string, path: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidConfigError(`${path} cannot be read: ${reason}.`, { cause, data: { path, file } });
  }
}

function refused(path: string, problem: string): Error {
  return new InvalidConfigError(`${path} ${problem}.`, { data: { path } });
}
