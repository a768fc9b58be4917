/** One screen for many nodes: a line for each thing that happens and, on a terminal, what the nodes are at below. */
import logUpdate from 'log-update';
import colors from 'picocolors';
import type { NodeState } from './dev-nodes.ts';

const inColor: Readonly<Record<NodeState, (text: string) => string>> = {
  starting: colors.yellow,
  running: colors.green,
  stopping: colors.yellow,
  down: colors.red,
};

export class DevScreen {
  readonly #isLive = process.stdout.isTTY === true;
  readonly #states = new Map<string, NodeState>();

  /** @param who A node, or `dev` itself. */
  say(who: string, text: string): void {
    const [first = '', ...more] = text.split('\n');
    const time = colors.dim(new Date().toTimeString().slice(0, 8));
    const lines = [
      `${time}  ${colors.bold(who.padEnd(6))}  ${first}`,
      ...more.map((line) => `${' '.repeat(18)}${line}`),
    ];
    this.plain(lines.join('\n'));
  }

  plain(text: string): void {
    if (this.#isLive) logUpdate.clear();
    process.stdout.write(`${text}\n`);
    this.#draw();
  }

  is(name: string, state: NodeState): void {
    this.#states.set(name, state);
    this.#draw();
  }

  /** What is there stays as it is. */
  end(): void {
    if (this.#isLive) logUpdate.clear();
    this.#states.clear();
  }

  #draw(): void {
    if (!this.#isLive || this.#states.size === 0) return;
    logUpdate([...this.#states].map(([name, state]) => `${colors.bold(name)} ${inColor[state](state)}`).join('   '));
  }
}
