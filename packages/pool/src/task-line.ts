import type { PiscinaTask, TaskQueue } from 'piscina';

/**
 * The line that piscina keeps, a few leases at most. Its own throws, uncaught, when a task is aborted that waits for a
 * starting thread: piscina holds that task elsewhere and removes it here all the same.
 */
export class TaskLine implements TaskQueue {
  readonly #tasks: PiscinaTask[] = [];

  get size(): number {
    return this.#tasks.length;
  }

  push(task: PiscinaTask): void {
    this.#tasks.push(task);
  }

  shift(): PiscinaTask | null {
    return this.#tasks.shift() ?? null;
  }

  unshift(task: PiscinaTask): void {
    this.#tasks.unshift(task);
  }

  remove(task: PiscinaTask): void {
    const place = this.#tasks.indexOf(task);
    if (place !== -1) this.#tasks.splice(place, 1);
  }
}
