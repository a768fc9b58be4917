/** What follows a change of the app: is the new version sound, then one node after the other goes over to it. */
import type { AppCheck } from './check-app.ts';

export interface ReloadingSteps {
  check(): Promise<AppCheck>;
  /** Ends the node in order and starts it with what the files hold now. False: it did not start. */
  replace(name: string): Promise<boolean>;
  readonly names: readonly string[];
  readonly say: (text: string) => void;
}

export class Reloading {
  readonly #steps: ReloadingSteps;
  #isDue = false;
  #isRunning = false;

  constructor(steps: ReloadingSteps) {
    this.#steps = steps;
  }

  /** May be called at any time: what changes while nodes go over begins it anew, with the newest. */
  async changed(): Promise<void> {
    this.#isDue = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#isDue) {
      this.#isDue = false;
      await this.#once();
    }
    this.#isRunning = false;
  }

  async #once(): Promise<void> {
    const { check, replace, names, say } = this.#steps;
    say('the app has changed');
    const { problem } = await check();
    if (problem !== undefined) {
      say(`the new version cannot be loaded; the nodes go on with the old one\n${problem}`);
      return;
    }
    for (const [index, name] of names.entries()) {
      if (this.#isDue) return;
      if (await replace(name)) continue;
      const others = names.slice(index + 1);
      const rest = others.length === 0 ? '' : `; ${others.join(' ')} go on with the old one`;
      say(`the new version does not start on ${name}${rest}`);
      return;
    }
    say(`${names.join(' ')} run the new version`);
  }
}
