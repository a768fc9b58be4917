import { withdraw } from './packet.ts';

/** The sender of a packet, as far as its asks need it. */
export interface PacketOwner {
  /** Takes an ask out of the packet in the making. */
  withdrawNow(ask: number): void;
  /** Says at the receiver that nobody waits for the answer. */
  cancel(ask: number): void;
}

const NOTHING = new Uint8Array();

/** A packet of messages, kept until its receiver says that it has taken it in. A list: the next one was made after it. */
export class HeldPacket {
  readonly #owner: PacketOwner;
  /** From 1 in its session; 0 while it is in the making. */
  number = 0;
  /** Empty while it is in the making, and again when nobody needs it any more. */
  bytes: Uint8Array = NOTHING;
  isSent = false;
  /** Left more than once: the first time may have arrived. */
  isRepeated = false;
  /** The bounds of the network were asked for it. */
  isPaid = false;
  next: HeldPacket | undefined = undefined;

  constructor(owner: PacketOwner) {
    this.#owner = owner;
  }

  /** The receiver has it, or it was given back. */
  letGo(): void {
    this.bytes = NOTHING;
  }

  /** The asker of one of its asks does not wait any longer: the ask does not leave, or its receiver is told. */
  withdraw(ask: number): void {
    if (this.number === 0) this.#owner.withdrawNow(ask);
    else withdraw(this.bytes, ask);
    if (this.isSent) this.#owner.cancel(ask);
  }
}
