/** What the new owner of something asks the former one: whether it has let go of it. It is answered when it has. */
import type { Message } from '@jaegis/actors';

/** Where it is sent, beside the paths of actors. */
export const RELEASE = '/release';

export interface ReleaseMessage extends Message {
  readonly type: 'release';
  /** Of the view by which it has moved. */
  readonly epoch: number;
  /** One entity, by type and key. */
  readonly entity?: readonly [type: string, key: string];
  /** A pinned actor, by its name. Neither: all entities that moved with that view. */
  readonly pinned?: string;
}

export function isRelease(message: Message): message is ReleaseMessage {
  if (!('epoch' in message) || typeof message.epoch !== 'number') return false;
  const { entity, pinned } = message as ReleaseMessage; // looked at below
  const isEntity = Array.isArray(entity) && entity.length === 2 && entity.every((part) => typeof part === 'string');
  return (entity === undefined || isEntity) && (pinned === undefined || typeof pinned === 'string');
}
