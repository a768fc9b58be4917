/** What a request was for, in the words of its error. */
export interface Purpose {
  /** `append to a.b`. */
  readonly what: string;
  readonly data: Readonly<Record<string, unknown>>;
}
