/** `jaegis history`, `export`, `import`, `backup` and `restore`: what a cluster keeps, read, carried and kept as files. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import {
  type ClusterState,
  formatEntityId,
  InvalidConfigError,
  JaegisError,
  openClusterState,
  parseEntityId,
  type RestoreClusterOptions,
} from 'jaegis';
import { actingOn } from '../acting.ts';
import { inJson } from '../in-json.ts';
import { reached, reachingCluster } from '../nats-settings.ts';
import { jsonOption, streamOptions } from '../options.ts';
import { line } from '../output.ts';
import { renderTurn } from '../render-turn.ts';
import { readSettings, type Settings } from '../settings.ts';

export function registerState(program: Command): void {
  const command = (usage: string, what: string) => reachingCluster(program.command(usage).description(what));
  command('history <entity>', "print an entity's turns that are kept, oldest first; the entity as type/key")
    .option('--turn <n>', 'that turn alone, with the state that it left')
    .addOption(jsonOption)
    .action(actingOn(runHistory));
  command('export <entity>', 'write an entity with its history to a file, or to the output')
    .option('--out <file>', 'must not be there yet')
    .action(actingOn(runExport));
  command('import <file>', 'take an exported entity in')
    .option('--as <entity>', 'under another name, type/key')
    .option('--replace', 'instead of the entity that has the name')
    .addOption(jsonOption)
    .action(actingOn(runImport));
  command('backup <folder>', 'write the state of the whole cluster to files, while it runs')
    .addOption(jsonOption)
    .action(actingOn(runBackup));
  const restore = command(
    'restore <folder>',
    'bring a backup into a cluster that holds nothing, before its nodes are started',
  );
  for (const option of streamOptions) restore.addOption(option);
  restore.addOption(jsonOption).action(actingOn(runRestore));
}

async function runHistory(name: string, flags: Record<string, unknown>): Promise<void> {
  const { turn: wanted, ...given } = flags;
  const entity = parseEntityId(name);
  const turn = wanted === undefined ? undefined : turnNumber(wanted);
  const settings = await readSettings(given);
  await using state = await open(settings);
  const print = settings.json ? (kept: unknown) => line(JSON.stringify(kept, inJson)) : undefined;
  if (turn !== undefined) {
    const kept = await state.turnAt({ entity, turn });
    if (print) print(kept);
    else line(`${renderTurn(kept)}\n${JSON.stringify(kept.state, inJson, 2)}`);
    return;
  }
  let count = 0;
  for await (const kept of state.history({ entity })) {
    count += 1;
    if (print) print(kept);
    else line(renderTurn(kept));
  }
  if (count === 0) throw new JaegisError('no_such_actor', `${name} has no record in cluster "${settings.cluster}".`);
}

async function runExport(name: string, flags: Record<string, unknown>): Promise<void> {
  const { out, ...given } = flags;
  const entity = parseEntityId(name);
  const settings = await readSettings(given);
  await using state = await open(settings);
  const document = await state.exportEntity(entity);
  if (typeof out !== 'string') {
    process.stdout.write(document);
    return;
  }
  await writeFile(out, document, { flag: 'wx' }).catch((cause) => Promise.reject(unusable(out, cause)));
  line(`exported ${name} to ${out} (${document.length} bytes)`);
}

async function runImport(file: string, flags: Record<string, unknown>): Promise<void> {
  const { as, replace, ...given } = flags;
  const entity = typeof as === 'string' ? parseEntityId(as) : undefined;
  const settings = await readSettings(given);
  const document = await readFile(file).catch((cause) => Promise.reject(unusable(file, cause)));
  await using state = await open(settings);
  const options = { replace: replace === true, ...(entity ? { as: entity } : {}) };
  const report = await state.importEntity(new Uint8Array(document), options);
  const { turn, timers, outbox } = report;
  if (settings.json) line(JSON.stringify(report));
  else line(`imported ${formatEntityId(report.entity)} as turn ${turn}; ${timers} timers, ${outbox} messages to leave`);
}

async function runBackup(folder: string, flags: Record<string, unknown>): Promise<void> {
  const settings = await readSettings(flags);
  await using state = await open(settings);
  const report = await state.backup(folder);
  if (settings.json) return line(JSON.stringify(report));
  line(`backed up cluster ${report.cluster}: ${report.entities} entities`);
  for (const { name, records, bytes, sha256 } of report.files)
    line(`${sha256}  ${name}  ${records} records, ${bytes} bytes`);
}

async function runRestore(folder: string, flags: Record<string, unknown>): Promise<void> {
  const settings = await readSettings(flags);
  const { replicas, storage, history, cluster } = settings;
  const options: RestoreClusterOptions = {
    ...(replicas === undefined ? {} : { replicas }),
    ...(storage === undefined ? {} : { storage }),
    ...(history === undefined ? {} : { history }),
  };
  await using state = await open(settings);
  const report = await state.restore(folder, options);
  if (settings.json) return line(JSON.stringify(report));
  const { of, takenAtMs, entities, turns, unreadable, timers, messages } = report;
  line(`restored cluster ${of} of ${new Date(takenAtMs).toISOString()} as ${cluster}:`);
  line(
    `${entities} entities, ${turns} turns (${unreadable} unreadable), ${timers} timers, ${messages} messages in inboxes`,
  );
}

function open(settings: Settings): Promise<ClusterState> {
  return openClusterState(reached(settings));
}

function turnNumber(given: unknown): number {
  const turn = Number(given);
  if (Number.isSafeInteger(turn) && turn > 0) return turn;
  throw new InvalidConfigError(`--turn is ${JSON.stringify(given)}; turns are counted from 1.`, {
    data: { path: 'turn' },
  });
}

function unusable(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InvalidConfigError(`The file ${path} cannot be used: ${reason}.`, { cause, data: { path } });
}
