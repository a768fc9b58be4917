import { ActorStoppedError } from '@jaegis/core';
import type { Process } from './process.ts';
import type { AnyProtocol, Message, MessageOf, ReplyOf } from './protocol.ts';
import type { AskOptions, ClosableRef } from './ref.ts';

/** The actor behind an alias. */
type Target = Process & {
  tell(message: Message): void;
  ask<M extends MessageOf<AnyProtocol>>(message: M, options?: AskOptions): Promise<ReplyOf<AnyProtocol, M['type']>>;
};

/**
 * A second address of an actor that can be closed, so that answers which come too late are dropped (Erlang's process
 * aliases). It ends with its incarnation.
 */
export class Alias implements ClosableRef {
  readonly #actor: Target;
  readonly #takesOne: boolean;
  /** Called when the one message has come. */
  readonly #onReply: (() => void) | undefined;
  #isOpen = true;

  constructor(actor: Target, takesOne: boolean, onReply?: () => void) {
    this.#actor = actor;
    this.#takesOne = takesOne;
    this.#onReply = onReply;
  }

  get address(): string {
    return this.#actor.address;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {
    this.#isOpen = false;
    this.#actor.bonds?.aliases.delete(this);
  }

  tell(message: Message): void {
    if (this.#take()) this.#actor.tell(message);
  }

  ask<M extends MessageOf<AnyProtocol>>(message: M, options?: AskOptions): Promise<ReplyOf<AnyProtocol, M['type']>> {
    return this.#take()
      ? this.#actor.ask(message, options)
      : Promise.reject(new ActorStoppedError(`The alias of ${this.address} is closed.`));
  }

  #take(): boolean {
    if (!this.#isOpen) return false;
    if (this.#takesOne) {
      this.close();
      this.#onReply?.();
    }
    return true;
  }
}
