import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type App, InvalidConfigError, type NodeOptions, onParentGone, onSignals, startNode } from 'jaegis';
import { explain } from './explain.ts';
import { reached } from './nats-settings.ts';
import { readSettings, type Settings } from './settings.ts';

/** `jaegis node`: one node in this process, until a signal, a failure or, if so wished, the end of its parent. */
export async function runNode(flags: Record<string, unknown>): Promise<void> {
  const settings = await readSettings(flags);
  if (settings.endWithParent) onParentGone(() => process.exit(1));
  const node = await startNode(await nodeOptions(settings));
  const { name, cluster } = node;
  process.stdout.write(
    settings.json ? `${JSON.stringify({ ready: name, cluster, pid: process.pid })}\n` : `ready ${name}\n`,
  );
  onSignals({ stop: () => void node.stop() });
  const reason = await node.stopped;
  if (reason) process.stderr.write(explain(reason));
  // Whatever an app left open must not keep a node that has left its cluster alive.
  process.exit(reason ? 1 : 0);
}

async function nodeOptions(settings: Settings): Promise<NodeOptions> {
  const { weight, labels, drainMs } = settings;
  const { name, nats, app, threads, replicas, storage, history, maxTurnBytes, maxInboxBytes, logLevel } = settings;
  return {
    ...reached(settings),
    ...(nats === 'embedded' ? { nats } : {}),
    logLevel,
    ...(name === undefined ? {} : { name }),
    ...(app === undefined ? {} : { app: await loadApp(app) }),
    ...(weight === undefined ? {} : { weight }),
    ...(labels === undefined ? {} : { labels }),
    ...(drainMs === undefined ? {} : { drainMs }),
    ...(threads === undefined ? {} : { threads }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(storage === undefined ? {} : { storage }),
    ...(history === undefined ? {} : { history }),
    ...(maxTurnBytes === undefined ? {} : { maxTurnBytes }),
    ...(maxInboxBytes === undefined ? {} : { maxInboxBytes }),
  };
}

async function loadApp(path: string): Promise<App> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidConfigError(`The app ${path} cannot be loaded: ${reason}`, { cause, data: { path: 'app' } });
  }
  const { default: app } = module;
  if (typeof app === 'object' && app !== null && 'entities' in app && 'actors' in app) return app as App; // by defineApp
  throw new InvalidConfigError(`The app ${path} has no default export made by defineApp.`, { data: { path: 'app' } });
}
