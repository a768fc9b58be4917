import { limits } from '@jaegis/core';

/** A full packet fits in any case. */
const LEAST = 16 * 1024;

/**
 * What one node may have on its way to another, in bytes, so that all others together stay below what the server holds
 * for a node before it cuts it off.
 *
 * @param members Of the view.
 */
export function windowShare(members: number, mostBytes: number = limits.wireWindowBytes): number {
  const share = Math.floor(limits.wireInboundBytes / Math.max(1, members - 1));
  return Math.min(mostBytes, Math.max(LEAST, share));
}
