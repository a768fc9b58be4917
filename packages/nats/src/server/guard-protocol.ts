/** What the guard process and the process that started it say to each other: one JSON value a line. */

/** On the guard's standard input. Its end means: stop everything, remove the folder, go. */
export type GuardOrder =
  | { readonly order: 'start'; readonly id: number; readonly command: string; readonly args: readonly string[] }
  | { readonly order: 'signal'; readonly id: number; readonly signal: 'SIGTERM' | 'SIGKILL' };

/** On the guard's standard output. */
export type GuardNews =
  | { readonly news: 'started'; readonly id: number; readonly pid: number }
  | { readonly news: 'line'; readonly id: number; readonly line: string }
  /** The last of an id. `how` is a sentence's end: `ended with code 1`. */
  | { readonly news: 'ended'; readonly id: number; readonly how: string };
