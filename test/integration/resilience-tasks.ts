/** What threads of a pool do in the test of resilience. */

/** Ends its thread the first time, and does its work from then on. */
export function endsItsThreadOnce(times: Int32Array): string {
  if (Atomics.add(times, 0, 1) === 0) process.exit(1);
  return 'done';
}
