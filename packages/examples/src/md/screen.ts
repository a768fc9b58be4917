import logUpdate from 'log-update';
import colors from 'picocolors';

export interface Bar {
  readonly name: string;
  readonly step: number;
  readonly steps: number;
  readonly node: string | undefined;
}

const WIDTH = 32;

/** Lines that stay and, on a terminal, progress bars below them. */
export class Screen {
  readonly #live = process.stdout.isTTY === true;
  readonly #began = performance.now();
  #bars: readonly Bar[] = [];

  say(text: string): void {
    if (this.#live) logUpdate.clear();
    process.stdout.write(
      `${colors.dim(`${((performance.now() - this.#began) / 1_000).toFixed(2).padStart(6)} s`)}  ${text}\n`,
    );
    this.#draw();
  }

  show(bars: readonly Bar[]): void {
    this.#bars = bars;
    this.#draw();
  }

  /** Bars stay as they are; what follows is written below them. */
  end(): void {
    if (this.#live) logUpdate.done();
    this.#bars = [];
  }

  #draw(): void {
    if (this.#live && this.#bars.length > 0) logUpdate(this.#bars.map(bar).join('\n'));
  }
}

function bar({ name, step, steps, node }: Bar): string {
  const full = Math.floor((step / steps) * WIDTH);
  const done = colors.green('█'.repeat(full)) + colors.dim('░'.repeat(WIDTH - full));
  const share = `${Math.floor((step / steps) * 100)} %`.padStart(5);
  return `  ${name.padEnd(6)} ${done} ${share}  ${colors.dim(node ?? '')}`;
}
