/**
 * The messages an actor takes and what each replies, as types. A message is an event object, `{ type, … }`, for
 * handlers and machines alike.
 */

export interface Message {
  readonly type: string;
}

/** By message type: the other fields of the message, and the reply. */
export type Protocol = Readonly<Record<string, { readonly message: unknown; readonly reply: unknown }>>;

/** Any message of the protocol. */
export type MessageOf<P extends Protocol> = {
  [Type in keyof P & string]: { readonly type: Type } & P[Type]['message'];
}[keyof P & string];

/** What a message of that type is answered. */
export type ReplyOf<P extends Protocol, Type extends string> = Type extends keyof P ? P[Type]['reply'] : never;

/** A protocol of which nothing is known: for refs made from an address. Replies are unknown and must be checked. */
export type AnyProtocol = Readonly<
  Record<string, { readonly message: object | Readonly<Record<string, unknown>>; readonly reply: unknown }>
>;
