/** What is typed after `--set`: paths with values, as the object that they say. */
import { InvalidConfigError } from 'jaegis';

type Tree = Readonly<Record<string, unknown>>;

/**
 * Of `breaker.openMs=5000` it is `{ breaker: { openMs: 5000 } }`. A value is JSON, or else the text that it is.
 * @throws InvalidConfigError for one without a path or a value.
 */
export function settingsFrom(given: readonly string[]): Tree {
  return given.reduce<Tree>((tree, text) => {
    const equals = text.indexOf('=');
    const path = text.slice(0, Math.max(0, equals)).split('.');
    if (equals < 1 || path.includes('')) {
      throw new InvalidConfigError(`--set is ${JSON.stringify(text)}; expected path=value, as breaker.openMs=5000.`, {
        data: { path: 'set' },
      });
    }
    return placed(tree, path, meant(text.slice(equals + 1)));
  }, {});
}

function placed(tree: unknown, [name = '', ...rest]: readonly string[], value: unknown): Tree {
  const before: Tree = typeof tree === 'object' && tree !== null && !Array.isArray(tree) ? (tree as Tree) : {}; // an object
  const own = Object.hasOwn(before, name) ? before[name] : undefined;
  return { ...before, [name]: rest.length === 0 ? value : placed(own, rest, value) };
}

function meant(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
