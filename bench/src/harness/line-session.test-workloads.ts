import type { Workloads } from './session.ts';

export const workloads: Workloads = {
  double: () => ({ round: async (size) => size * 2 }),
  count: () => {
    let rounds = 0;
    return { round: () => ++rounds };
  },
  fail: () => ({
    round: () => {
      throw new TypeError('not today');
    },
  }),
  chatty: () => {
    process.stdout.write('hello\n');
    return { round: () => 1 };
  },
  die: () => ({ round: () => process.exit(3) }),
  broken: () => {
    throw new Error('cannot begin');
  },
};
