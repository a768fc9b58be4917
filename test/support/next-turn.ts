/** Resolves at the next turn of the event loop, when all that was ready has run. For the virtual clock: see `settled`. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
