/** `jaegis dev` while its cluster is used: a file is saved, and nobody who asks notices more than the new answer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineActor, type JaegisNode, startNode } from 'jaegis';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../support/programs.ts';

interface Answer {
  readonly word: string;
  readonly count: number;
}

/** As the client knows it; what it does is in the app. */
const greeter = defineActor('greeter', {
  state: () => ({ count: 0 }),
  on: { greet: (): { reply: Answer } => ({ reply: { word: '', count: 0 } }) },
});

/** An app of two files, one of which holds the word that its entities answer with. */
function makeApp(): { readonly app: string; readonly say: (word: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'jaegis-dev-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const door = fileURLToPath(new URL('../../packages/jaegis/src/index.ts', import.meta.url));
  const app = join(folder, 'app.ts');
  writeFileSync(
    app,
    `import { defineActor, defineApp } from '${door}';
     import { word } from './word.ts';
     const greeter = defineActor('greeter', {
       state: () => ({ count: 0 }),
       on: { greet: ({ count }) => ({ state: { count: count + 1 }, reply: { word, count: count + 1 } }) },
     });
     export default defineApp({ entities: [greeter] });`,
  );
  return { app, say: (word) => writeFileSync(join(folder, 'word.ts'), `export const word = '${word}';`) };
}

/** Asks one entity after each answer again, until it is told to end or is not answered. */
class Asker {
  readonly answers: Answer[] = [];
  readonly failures: unknown[] = [];
  readonly #ended: Promise<void>;
  #isEnding = false;

  constructor(client: JaegisNode, key: string) {
    this.#ended = this.#ask(client, key);
  }

  end(): Promise<void> {
    this.#isEnding = true;
    return this.#ended;
  }

  /** Whether it goes on: it was answered more often than so, or never will be. */
  isBeyond(count: number): boolean {
    return this.answers.length > count || this.failures.length > 0;
  }

  async #ask(client: JaegisNode, key: string): Promise<void> {
    const entity = client.entity(greeter, key);
    try {
      while (!this.#isEnding) this.answers.push(await entity.ask({ type: 'greet' }));
    } catch (error) {
      this.failures.push(error);
    }
  }
}

it('while all nodes go over to a file that was saved, one after the other, no ask fails and each counts once', async () => {
  const { app, say } = makeApp();
  say('old');
  const dev = runProgram('packages/cli/src/main.ts', ['dev', '--app', app, '--port', '0', '--cluster', 'dev']);
  await dev.said('Ctrl-C');
  const [, nats = ''] = /connect {3}(nats:\S+)/.exec(dev.output()) ?? [];
  await using client = await startNode({ nats, cluster: 'dev', role: 'client', logLevel: 'silent', threads: 1 });
  // So many that each of the three nodes has some.
  const askers = Array.from({ length: 12 }, (_, key) => new Asker(client, `${key}`));
  await expect.poll(() => askers.every((asker) => asker.isBeyond(0)), { timeout: 30_000 }).toBe(true);
  say('new');
  await dev.said('n1 n2 n3 run the new version');
  const heard = askers.map(({ answers }) => answers.length);
  await expect
    .poll(() => askers.every((asker, index) => asker.isBeyond((heard[index] ?? 0) + 1)), { timeout: 30_000 })
    .toBe(true);
  await Promise.all(askers.map((asker) => asker.end()));

  expect(askers.flatMap(({ failures }) => failures)).toEqual([]);
  for (const { answers } of askers) {
    expect(answers.map(({ count }) => count)).toEqual(answers.map((_, index) => index + 1));
    expect([answers.at(0)?.word, answers.at(-1)?.word]).toEqual(['old', 'new']);
  }
  // Each has handed over what it had: a kill would be survived too, by a little luck and the patience of who asks.
  for (const name of ['n1', 'n2', 'n3']) expect(dev.output()).toContain(`${name} (draining)`);
  dev.process.kill('SIGINT');
  expect(await dev.ended, dev.output()).toBe(0);
});
