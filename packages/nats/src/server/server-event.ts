/** What is said while a nats-server is found, fetched and started, for the one who waits. */
import type { ServerBinary, ServerOrigin } from './binary.ts';
import { minimumVersion } from './version.ts';

export type ServerEvent =
  | { readonly type: 'looking'; readonly origin: ServerOrigin; readonly where: string }
  | { readonly type: 'found'; readonly binary: ServerBinary }
  | { readonly type: 'too-old'; readonly path: string; readonly version: string }
  | {
      readonly type: 'downloading';
      readonly what: string;
      readonly receivedBytes: number;
      /** Missing when the other side does not say it. */
      readonly totalBytes?: number;
    }
  | { readonly type: 'asking'; readonly what: string; readonly percent: number }
  | { readonly type: 'verified'; readonly what: string }
  | { readonly type: 'unpacking'; readonly what: string }
  | { readonly type: 'failed'; readonly origin: ServerOrigin; readonly reason: string }
  | { readonly type: 'starting'; readonly count: number; readonly version: string }
  | { readonly type: 'retrying'; readonly reason: string }
  /** As when its disk is full; it is started again when there is room. */
  | { readonly type: 'write-failed'; readonly server: string; readonly reason: string }
  | { readonly type: 'restarted'; readonly server: string }
  | { readonly type: 'ready'; readonly urls: readonly string[]; readonly tookMs: number };

export type ServerReport = (event: ServerEvent) => void;

const originNames: Readonly<Record<ServerOrigin, string>> = {
  setting: 'the setting',
  path: 'the PATH',
  cache: 'the cache',
  release: 'the official release',
  debian: 'the Debian package',
};

export function nameOfOrigin(origin: ServerOrigin): string {
  return originNames[origin];
}

/** One plain line, without a line break. */
export function describeServerEvent(event: ServerEvent): string {
  switch (event.type) {
    case 'looking':
      return `nats-server: looking in ${originNames[event.origin]} (${event.where})`;
    case 'found':
      return `nats-server: ${event.binary.version} found in ${originNames[event.binary.origin]}: ${event.binary.path}`;
    case 'too-old':
      return `nats-server: ${event.path} is ${event.version}, older than ${minimumVersion}; passed over`;
    case 'downloading':
      return `nats-server: downloading ${event.what}, ${progress(event.receivedBytes, event.totalBytes)}`;
    case 'asking':
      return `nats-server: ${event.what}, ${Math.round(event.percent)} %`;
    case 'verified':
      return `nats-server: the checksum of ${event.what} is right`;
    case 'unpacking':
      return `nats-server: unpacking ${event.what}`;
    case 'failed':
      return `nats-server: not from ${originNames[event.origin]}: ${event.reason}`;
    case 'starting':
      return `nats-server: starting ${event.count === 1 ? 'one server' : `${event.count} servers`} ${event.version}`;
    case 'retrying':
      return `nats-server: starting again: ${event.reason}`;
    case 'write-failed':
      return `nats-server: ${event.server} could not write, and is started again when its disk has room: ${event.reason}`;
    case 'restarted':
      return `nats-server: ${event.server} is started again and ready`;
    case 'ready':
      return `nats-server: ready after ${Math.round(event.tookMs)} ms at ${event.urls.join(', ')}`;
  }
}

function progress(received: number, total: number | undefined): string {
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  return total === undefined ? `${mebibytes(received)} MiB` : `${mebibytes(received)} of ${mebibytes(total)} MiB`;
}
