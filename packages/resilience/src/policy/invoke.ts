import type { Call } from '../call.ts';

/** What is inside all parts: the operation itself. No async function, which would make a promise more. */
export function invoke(call: Call): Promise<unknown> {
  try {
    const result = call.operation(call);
    return result instanceof Promise ? result : Promise.resolve(result);
  } catch (error) {
    return Promise.reject(error);
  }
}
