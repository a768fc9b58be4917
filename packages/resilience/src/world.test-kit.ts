/** What the tests of the parts share: a clock that they move, chance by a seed, and what the parts have told. */
import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { Call, type CallOptions, type Inner, type Operation, type Part } from './call.ts';
import { invoke } from './policy/invoke.ts';
import type { PartEvent, Services } from './services.ts';

export function testWorld() {
  const clock = new VirtualClock();
  const events: PartEvent[] = [];
  const services: Services = { clock, random: new SeededRandom(1), onEvent: (event) => void events.push(event) };
  return { clock, events, services };
}

/** One call through one part to the operation. */
export function through(part: Part, operation: Operation<unknown>, options?: CallOptions, inner: Inner = invoke) {
  return part.run(new Call(operation, options), inner);
}

/** Fails so often, with an error of its own each time, and then gives `done`. */
export function failing(times: number, error: (number: number) => unknown = (number) => new Error(`try ${number}`)) {
  let calls = 0;
  const operation = async () => {
    calls += 1;
    if (calls <= times) throw error(calls);
    return 'done';
  };
  return Object.assign(operation, { calls: () => calls });
}

/** Ends after so long, also where nobody waits any more. */
export function slow<Result>(clock: VirtualClock, ms: number, end: () => Result): () => Promise<Result> {
  return () =>
    new Promise((resolve, reject) => {
      clock.setTimer(ms, () => {
        try {
          resolve(end());
        } catch (error) {
          reject(error);
        }
      });
    });
}

/** What it rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It did not reject.');
}
