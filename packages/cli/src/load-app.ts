/** The app of a node, from the module that a user names. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type App, InvalidConfigError } from 'jaegis';

const whatIsWanted = 'It must be a module whose default export is made by defineApp.';

/** @throws InvalidConfigError that says where in the app the reason is. */
export async function loadApp(path: string): Promise<App> {
  const file = existingFile(path);
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new InvalidConfigError(`The app ${path} cannot be loaded: ${whereItFailed(cause)}`, {
      cause,
      data: { path: 'app' },
    });
  }
  const { default: app } = module;
  if (typeof app === 'object' && app !== null && 'entities' in app && 'actors' in app) return app as App; // by defineApp
  throw new InvalidConfigError(`The app ${path} has no default export made by defineApp.`, { data: { path: 'app' } });
}

/** @throws InvalidConfigError when there is none. */
export function existingFile(path: string): string {
  const file = resolve(path);
  if (existsSync(file)) return file;
  throw new InvalidConfigError(`There is no app ${file}. ${whatIsWanted}`, { data: { path: 'app' } });
}

/** With the line of the source, as Node.js shows it, and the first place in a file of the user's. */
export function whereItFailed(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const [head = '', ...frames] = (cause.stack ?? '').split('\n    at ');
  const place = frames.find((frame) => frame.includes('file://') && !frame.includes('/node_modules/'));
  const text = head.includes(cause.message) ? head : cause.message;
  return place === undefined ? text : `${text}\n    at ${place.trim()}`;
}
