/** `jaegis ask`, `tell` and `send`: messages from a shell to actors and entities. */
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { InvalidConfigError } from 'jaegis';
import { actingOnBoth } from '../acting.ts';
import { given, looking } from '../looking.ts';
import { messageFrom } from '../message-operand.ts';
import { reachingCluster } from '../nats-settings.ts';
import { jsonOption, timeoutOption } from '../options.ts';
import { json, line } from '../output.ts';

export function registerActing(program: Command): void {
  const command = (usage: string, what: string) =>
    reachingCluster(program.command(`${usage} <address> <message>`).description(what)).addOption(jsonOption);
  command('ask', 'ask an actor or entity and print its reply; the message as JSON, as a type alone, or - for the input')
    .option('--key <text>', 'so that an entity does it once however often it is asked')
    .addOption(timeoutOption)
    .action(actingOnBoth(runAsk));
  command('tell', 'give an actor or entity a message without waiting; delivered at most once').action(
    actingOnBoth(runTell),
  );
  command('send', 'put a message into the inbox of an entity: it takes effect once, whoever lives now')
    .option('--id <text>', 'so that it is put there once however often it is sent within two minutes')
    .addOption(timeoutOption)
    .action(actingOnBoth(runSend));
}

function runAsk(address: string, operand: string, flags: Record<string, unknown>): Promise<void> {
  return looking(flags, ['key'], async (inspection, { timeout: timeoutMs, json: asJson }, { key }) => {
    const message = await messageOf(operand);
    const reply = await inspection.ask(address, message, {
      timeoutMs,
      ...given({ idempotencyKey: textOf(key, 'key') }),
    });
    json(asJson ? { to: address, reply } : reply);
  });
}

function runTell(address: string, operand: string, flags: Record<string, unknown>): Promise<void> {
  return looking(flags, [], async (inspection, settings) => {
    await inspection.tell(address, await messageOf(operand));
    if (settings.json) json({ told: address });
    else line(`told ${address}`);
  });
}

function runSend(address: string, operand: string, flags: Record<string, unknown>): Promise<void> {
  return looking(flags, ['id'], async (inspection, { timeout: timeoutMs, json: asJson }, { id }) => {
    const message = await messageOf(operand);
    const kept = await inspection.send(address, message, { timeoutMs, ...given({ id: textOf(id, 'id') }) });
    if (asJson) json({ sent: address, id: kept });
    else line(`kept for ${address} as ${kept}`);
  });
}

async function messageOf(operand: string) {
  return messageFrom(operand === '-' ? await readAll(process.stdin) : operand);
}

function textOf(value: unknown, option: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw new InvalidConfigError(`--${option} must be a text that is not empty.`, { data: { path: option } });
}
