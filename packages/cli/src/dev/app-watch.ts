/** Says when files of an app have changed: those that it loaded, and new ones beside them. */
import { type FSWatcher, watch } from 'node:fs';
import { dirname, extname } from 'node:path';

const kinds = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json'];
/** Editors and checkouts write many files at once, and some of them twice. */
const settleMs = 150;

/** Folders are watched, not files: editors put a new file in the place of the old one. */
export class AppWatch implements AsyncDisposable {
  readonly #changed: () => void;
  readonly #watched = new Map<string, FSWatcher>();
  #settling: NodeJS.Timeout | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Watches their folders too, from now on. */
  add(files: readonly string[]): void {
    for (const folder of new Set(files.map((file) => dirname(file)))) {
      if (this.#watched.has(folder)) continue;
      const watcher = watch(folder, (_event, name) => this.#heard(name));
      // A folder that is removed has no changes any more.
      watcher.on('error', () => this.#watched.delete(folder));
      this.#watched.set(folder, watcher);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#settling);
    for (const watcher of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  /** `name`: undefined where the system does not tell it. */
  #heard(name: string | null): void {
    if (name !== null && (name.startsWith('.') || !kinds.includes(extname(name)))) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(this.#changed, settleMs);
  }
}
