/**
 * A process of its own: loads an app as a node would, and says by its exit code whether that went well. Which files that
 * took is a line of JSON on the output; what is wrong, with its place, Node.js writes to the error output by itself,
 * since nothing is caught. What the app runs when it is loaded runs here too, for a moment.
 */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { onParentGone } from 'jaegis';

const [, , app = ''] = process.argv;

onParentGone(() => process.exit(1));

const files = new Set<string>();
registerHooks({
  load: (url, context, next) => {
    if (url.startsWith('file:') && !url.includes('/node_modules/')) files.add(url);
    return next(url, context);
  },
});
process.once('exit', () => process.stdout.write(`\n${JSON.stringify({ files: [...files] })}\n`));

const { default: made } = (await import(pathToFileURL(app).href)) as { default?: unknown };
const isApp = typeof made === 'object' && made !== null && 'entities' in made && 'actors' in made;
if (!isApp) process.stderr.write(`${app} has no default export made by defineApp.\n`);
process.exit(isApp ? 0 : 1);
