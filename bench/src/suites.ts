import { clusterSuite } from './cluster/suite.ts';
import { fabricSuite } from './fabric/suite.ts';
import { processes } from './harness/entrants.ts';
import type { Suite } from './harness/session.ts';
import { kernelSuite } from './kernel/suite.ts';
import { resilienceSuite } from './resilience/suite.ts';

/** All suites, in the order of docs/benchmarks.md. */
export const suites: readonly Suite[] = [
  kernelSuite(processes),
  fabricSuite(processes),
  clusterSuite(),
  resilienceSuite(processes),
];
