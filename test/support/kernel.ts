import { type Announcement, System, type SystemOptions } from '@jaegis/actors';
import { type Clock, type JaegisError, type Logger, silentLogger } from '@jaegis/core';
import { realClock, realRandom } from '@jaegis/node';
import { VirtualClock } from '@jaegis/sim';

/** A system for tests, on the real clock, that keeps what it announces and why it failed. */
export function testSystem(limit?: SystemOptions['limit'], options: Partial<SystemOptions> = {}) {
  const announced: Announcement[] = [];
  const failures: JaegisError[] = [];
  const system = new System({
    node: 'n1',
    services: testServices(realClock()),
    random: realRandom(),
    announce: (event) => announced.push(event),
    onFailure: (error) => failures.push(error),
    ...(limit ? { limit } : {}),
    ...options,
  });
  return { system, announced, failures };
}

/** The same on a clock that stands still until it is told to go on. */
export function virtualSystem(limit?: SystemOptions['limit'], options: Partial<SystemOptions> = {}) {
  const clock = new VirtualClock();
  return { clock, ...testSystem(limit, { services: testServices(clock), ...options }) };
}

/** What actors share, without a cluster. */
export function testServices(clock: Clock, logger: Logger = silentLogger): SystemOptions['services'] {
  const none = () => {
    throw new Error('not in this test');
  };
  const pool = { run: none, stats: { threads: 0, queued: 0, completed: 0 }, close: async () => {} };
  return { clock, logger, pool, entity: none, actor: none };
}
