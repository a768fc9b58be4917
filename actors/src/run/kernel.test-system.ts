import { type JaegisError, silentLogger } from '@jaegis/core';
import { realClock, realRandom } from '@jaegis/node';
import type { Announcement } from './effect.ts';
import { System, type SystemOptions } from './system.ts';

/** A system for tests, on the real clock, that keeps what it announces and why it failed. */
export function testSystem(limit?: SystemOptions['limit'], options: Partial<SystemOptions> = {}) {
  const announced: Announcement[] = [];
  const failures: JaegisError[] = [];
  const none = () => {
    throw new Error('not in this test');
  };
  const services = {
    clock: realClock(),
    logger: silentLogger,
    pool: { run: none, stats: { threads: 0, queued: 0, completed: 0 }, close: async () => {} },
    entity: none,
    actor: none,
  };
  const system = new System({
    node: 'n1',
    services,
    random: realRandom(),
    announce: (event) => announced.push(event),
    onFailure: (error) => failures.push(error),
    ...(limit ? { limit } : {}),
    ...options,
  });
  return { system, announced, failures };
}
