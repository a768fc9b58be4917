/** `jaegis ask`, `tell` and `send`: messages from a shell to actors and entities. */
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { InvalidConfigError } from 'jaegis';
import { actingOnBoth } from '../acting.ts';
import { given, looking } from '../looking.ts';
import { messageFrom } from '../message-operand.ts';
import { reachingCluster } from '../nats-settings.ts';
import { addressOperand } from '../operands.ts';
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

async function runAsk(address: string, operand: string, flags: Record<string, unknown>): Promise<void> {
  const [to, key] = [addressOperand(address), textOf(flags.key, 'key')];
  const message = await messageOf(operand);
  await looking(flags, ['key'], async (inspection, { timeout: timeoutMs, json: asJson }) => {
    const reply = await inspection.ask(to, message, { timeoutMs, ...given({ idempotencyKey: key }) });
    json(asJson ? { to: address, reply } : reply);
  });
}

async function runTell(address: string, operand: string, flags: Record<string, unknown>): Promise<void> {
  const to = addressOperand(address);
  const message = await messageOf(operand);
  await looking(flags, [], async (inspection, settings) => {
    await inspection.tell(to, message);
    if (settings.json) json({ told: address });
    else line(`told ${address}`);
  });
}

async function runSend(address: string, operand: string, flags: Record<string, unknown>): Promise<void> {
  const [to, id] = [addressOperand(address), textOf(flags.id, 'id')];
  const message = await messageOf(operand);
  await looking(flags, ['id'], async (inspection, { timeout: timeoutMs, json: asJson }) => {
    const kept = await inspection.send(to, message, { timeoutMs, ...given({ id }) });
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
