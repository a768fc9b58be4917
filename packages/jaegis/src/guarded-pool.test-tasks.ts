/** What threads do in the test of a guarded pool. */

/** Ends its thread the first time, and says how often it was begun from then on. */
export function endsItsThreadOnce(times: Int32Array): number {
  const before = Atomics.add(times, 0, 1);
  if (before === 0) process.exit(1);
  return before + 1;
}

export function answers(): string {
  return 'done';
}

/** Never ends. */
export function hangs(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
