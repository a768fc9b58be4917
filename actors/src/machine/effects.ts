import type { EntityId } from '@jaegis/core';
import { type EventObject, emit, type MachineContext } from 'xstate';
import type { Announcement } from '../run/effect.ts';
import type { AnyProtocol, Message, Protocol } from '../run/protocol.ts';
import type { EntityRef, Ref } from '../run/ref.ts';

/** What the actions below emit. Machines made by `setup` may name it as their `emitted` type. */
export type Emitted =
  | { readonly type: 'jaegis.reply'; readonly value: unknown }
  | { readonly type: 'jaegis.tell'; readonly to: Ref<AnyProtocol>; readonly message: Message }
  | { readonly type: 'jaegis.send'; readonly to: EntityId; readonly message: Message }
  | { readonly type: 'jaegis.announce'; readonly event: Announcement };

interface Args<C, E> {
  readonly context: C;
  readonly event: E;
}

/** An action: the answer to the ask under way. Without it the answer is `{ value, context, status }`. */
export function reply<C extends MachineContext, E extends EventObject, All extends EventObject>(
  value: (args: Args<C, E>) => unknown,
) {
  return emit<C, E, undefined, All, Emitted>(({ context, event }) => ({
    type: 'jaegis.reply',
    value: value({ context, event }),
  }));
}

/** An action: a message to another actor, once the step has succeeded. Delivered at most once. */
export function tell<C extends MachineContext, E extends EventObject, All extends EventObject, P extends Protocol>(
  make: (args: Args<C, E>) => { readonly to: Ref<P>; readonly message: Parameters<Ref<P>['tell']>[0] },
) {
  return emit<C, E, undefined, All, Emitted>(({ context, event }) => {
    const { to, message } = make({ context, event });
    // What the ref takes was checked above; whoever delivers it need not know.
    return { type: 'jaegis.tell', to: to as unknown as Ref<AnyProtocol>, message: message as Message };
  });
}

/**
 * An action: a durable message to an entity, once the turn is committed. Never lost, takes effect once. `to` is a ref,
 * or the id of an entity whose definition is not at hand: what it takes is then not known to the compiler.
 */
export function send<C extends MachineContext, E extends EventObject, All extends EventObject, P extends Protocol>(
  make: (args: Args<C, E>) => {
    readonly to: EntityRef<P> | EntityId;
    readonly message: Parameters<EntityRef<P>['tell']>[0];
  },
) {
  return emit<C, E, undefined, All, Emitted>(({ context, event }) => {
    const { to, message } = make({ context, event });
    // Every message has a type.
    return { type: 'jaegis.send', to: 'entity' in to ? to.entity : to, message: message as Message };
  });
}

/** An action: tells observers something, once the step has succeeded. Kept by nobody. */
export function announce<C extends MachineContext, E extends EventObject, All extends EventObject>(
  make: (args: Args<C, E>) => Announcement,
) {
  return emit<C, E, undefined, All, Emitted>(({ context, event }) => ({
    type: 'jaegis.announce',
    event: make({ context, event }),
  }));
}
