/** What is made of messages that were not acknowledged by their receiver and will not be. Used by the wire. */
import type { Message } from '@jaegis/actors';
import { type Codec, type JaegisError, limits, type Member, NodeDownError } from '@jaegis/core';
import { decodeRequest, type Target } from './envelope.ts';
import { nameFromBytes } from './large-bodies.ts';
import { frames, isAsk, isLarge, isTell, readPacket } from './packet.ts';
import type { ReturnedPacket } from './sending.ts';

/** A tell that comes back to its sender. */
export interface Undelivered {
  readonly member: Member;
  readonly to: Target;
  readonly message: Message;
  /** It may have been delivered; otherwise it was not. */
  readonly isUncertain: boolean;
  /** It arrived, and its receiver did not take it in. */
  readonly isRefused?: boolean;
  readonly error: unknown;
}

export interface ReturnedTells {
  /** Oldest first; the newest ones, when there are more than a node keeps. */
  readonly tells: readonly Undelivered[];
  /** Tells that are older than those. */
  readonly moreTells: number;
}

export interface Returned extends ReturnedTells {
  /** The asks that nobody will answer. */
  readonly asks: readonly number[];
  /** Those of them that have surely not arrived. */
  readonly unreached: ReadonlySet<number>;
  /** What ties processes together, oldest first. */
  readonly signals: readonly { readonly body: Uint8Array; readonly isUncertain: boolean }[];
  /** Tells the bodies of which are in the object store. */
  readonly large: readonly { readonly name: string; readonly isUncertain: boolean }[];
}

/** What the packets hold. @param cause Why their receiver does not take them in. */
export function readReturned(
  returned: readonly ReturnedPacket[],
  member: Member,
  codec: Codec,
  cause: unknown,
): Returned {
  const { asks, unreached, tells } = count(returned);
  const moreTells = Math.max(0, tells - limits.deadMessages);
  const kept: Undelivered[] = [];
  const large: { name: string; isUncertain: boolean }[] = [];
  const signals: { body: Uint8Array; isUncertain: boolean }[] = [];
  let skip = moreTells;
  for (const { bytes, isUncertain } of returned) {
    readPacket(bytes, (kind, _ask, body) => {
      if (kind === frames.signal) signals.push({ body, isUncertain });
      if (!isTell(kind) || skip-- > 0) return;
      if (isLarge(kind)) large.push({ name: nameFromBytes(body), isUncertain });
      else kept.push(undelivered(member, codec, body, { isUncertain, cause }));
    });
  }
  return { asks, unreached, tells: kept, signals, large, moreTells };
}

/** @param body Of the tell. */
export function undelivered(
  member: Member,
  codec: Codec,
  body: Uint8Array,
  { isUncertain, cause }: { readonly isUncertain: boolean; readonly cause: unknown },
): Undelivered {
  const { to, message } = decodeRequest(codec, body);
  return { member, to, message, isUncertain, error: isUncertain ? uncertain(member, cause) : cause };
}

function count(returned: readonly ReturnedPacket[]) {
  const asks: number[] = [];
  const unreached = new Set<number>();
  let tells = 0;
  for (const { bytes, mayAnswer, isUncertain } of returned) {
    readPacket(bytes, (kind, ask) => {
      if (isTell(kind)) tells++;
      if (!isAsk(kind) || mayAnswer) return;
      asks.push(ask);
      if (!isUncertain) unreached.add(ask);
    });
  }
  return { asks, unreached, tells };
}

function uncertain(member: Member, cause: unknown): JaegisError {
  return new NodeDownError(
    `It was sent to node "${member.id}", which did not acknowledge it: it may have been delivered or not.`,
    { cause, data: { node: member.id } },
  );
}
