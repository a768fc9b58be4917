/** A door as actors see it, and an actor as its door does: each knows no more of the other. */
import type { DoorView } from '@jaegis/core';
import type { Ask } from '../run/ask.ts';

/** What asks go through before they are in a mailbox. */
export interface Gate {
  readonly view: DoorView;
  /** It is that of all actors of a type. */
  readonly isOfType: boolean;
  /** Answers the ask. Where nothing keeps it, its first try is in the mailbox when this returns. */
  pass(cell: Guarded, ask: Ask): void;
}

/** An actor behind a door. */
export interface Guarded {
  readonly address: string;
  readonly home: { readonly kind: 'actor' | 'entity' };
  readonly kernel: { readonly traces: { inherit(item: object, from: object): void } };
  /** Takes a try in. What it throws is the answer. */
  accept(one: Ask): void;
}
