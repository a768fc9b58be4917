import type { PiscinaTask, TaskQueue } from 'piscina';

/**
 * The line that piscina keeps, a few tasks at most. Its own throws, uncaught, when a task is aborted that waits for a
 * starting thread: piscina holds that task elsewhere and removes it here all the same.
 */
export class TaskLine implements TaskQueue {
  readonly #tasks: PiscinaTask[] = [];

  /**
   * While it is, somebody always waits here: so piscina puts what it is given behind that one, and does not look for a free
   * thread first, which costs it as much as all the rest.
   */
  isJoined = false;

  get size(): number {
    return this.#tasks.length === 0 && this.isJoined ? 1 : this.#tasks.length;
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
