import { type ByteBudget, InvalidDefinitionError, isToken, limits, tokenRule } from '@jaegis/core';
import type { Gate } from '../door/gate.ts';
import type { ActorDefinition, Behavior } from './contract.ts';
import type { KernelOptions, PlacementNeeds, WhenFull } from './kernel-options.ts';
import { namesOf, refuseUnknown } from './known-options.ts';
import type { MailboxMemory } from './mailbox-memory.ts';
import type { Protocol } from './protocol.ts';
import type { StandardSchema } from './standard-schema.ts';

/** A definition as the cells of one node use it: its options with their defaults, once for all of them. */
export class CellKind {
  readonly type: string;
  readonly options: KernelOptions;
  readonly makeBehavior: () => Behavior;
  readonly mailboxLimit: number;
  readonly whenFull: WhenFull;
  readonly memory: MailboxMemory | undefined;
  readonly handlerTimeoutMs: number;
  readonly attempts: number;
  readonly recordLimit: number;
  readonly keepsState: boolean;
  readonly isReentrant: boolean;
  readonly checksAlways: boolean;
  readonly version: number;
  /** What asks go through before they are in the mailbox. */
  readonly door: Gate | undefined;
  readonly #definition: ActorDefinition<Protocol>;
  readonly #watch: boolean;

  /**
   * @param makeBehavior What the definition has made for the node.
   * @param memory For what has no budget of its own.
   */
  constructor(
    definition: ActorDefinition<Protocol>,
    makeBehavior: () => Behavior,
    watch: boolean,
    door: Gate | undefined,
    memory: MailboxMemory | undefined,
  ) {
    const { options } = definition;
    this.#definition = definition;
    this.#watch = watch;
    this.door = door;
    this.type = definition.type;
    this.options = options;
    this.makeBehavior = makeBehavior;
    this.mailboxLimit = options.mailbox?.limit ?? limits.mailbox;
    this.whenFull = options.mailbox?.whenFull ?? 'refuse';
    this.memory = options.mailbox?.memory ?? memory;
    this.handlerTimeoutMs = options.handlerTimeoutMs ?? limits.handlerTimeoutMs;
    this.attempts = options.retry?.attempts ?? 1;
    this.recordLimit = watch ? (options.record ?? limits.flightRecorder) : 0;
    this.keepsState = options.preserve !== 'none';
    this.isReentrant = options.reentrant ?? false;
    this.version = options.version ?? 1;
    this.checksAlways = options.schema !== undefined && options.validate === 'always';
  }

  /** The same with another door, for one of its actors. */
  behind(door: Gate): CellKind {
    return new CellKind(this.#definition, this.makeBehavior, this.#watch, door, this.memory);
  }

  /** What of a value may stand in a report. A redaction that fails hides the value, not the report. */
  redact(value: unknown): unknown {
    const { redact } = this.options;
    if (!redact) return value;
    try {
      return redact(value);
    } catch {
      return 'redaction failed';
    }
  }
}

const kernelNames = namesOf<KernelOptions>({
  preserve: true,
  mailbox: true,
  handlerTimeoutMs: true,
  passivateAfterMs: true,
  retry: true,
  schema: true,
  validate: true,
  version: true,
  migrate: true,
  reentrant: true,
  priority: true,
  record: true,
  redact: true,
  trapExits: true,
  history: true,
  placement: true,
  policy: true,
});

/**
 * @param more Names of options that are not the kernel's.
 * @throws InvalidDefinitionError with the path of the option that is not usable.
 */
export function checkKernelOptions(type: string, options: KernelOptions, more: readonly string[]): void {
  const where = `Actor "${type}"`;
  refuseUnknown(where, options, [...more, ...kernelNames]);
  const refuse = (path: string, value: unknown, allowed: string): never => {
    const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
    throw new InvalidDefinitionError(`${where}: ${path} is ${shown}; it must be ${allowed}.`, {
      data: { path },
    });
  };
  for (const name of ['mailbox', 'retry', 'schema', 'history', 'placement', 'policy'] as const) {
    const value: unknown = options[name];
    if (value !== undefined && (typeof value !== 'object' || value === null)) refuse(name, value, 'an object');
  }
  refuseUnknown(where, options.mailbox, ['limit', 'whenFull', 'memory'], 'mailbox');
  checkMemory(where, options.mailbox?.memory, 'mailbox.memory');
  refuseUnknown(where, options.retry, ['attempts', 'delayMs'], 'retry');
  refuseUnknown(where, options.history, ['turns', 'ms'], 'history');
  if (options.placement) checkPlacement(where, options.placement, 'placement');
  const atLeast = (path: string, value: unknown, least: number) => {
    if (value !== undefined && !(Number.isFinite(value) && Number(value) >= least)) {
      refuse(path, value, `a number from ${least}`);
    }
  };
  const oneOf = (path: string, value: unknown, allowed: readonly string[]) => {
    if (value !== undefined && !allowed.includes(String(value))) refuse(path, value, allowed.join(' or '));
  };
  oneOf('preserve', options.preserve, ['memory', 'none']);
  oneOf('validate', options.validate, ['boundary', 'always']);
  oneOf('mailbox.whenFull', options.mailbox?.whenFull, ['refuse', 'drop-oldest', 'drop-newest']);
  atLeast('mailbox.limit', options.mailbox?.limit, 1);
  atLeast('handlerTimeoutMs', options.handlerTimeoutMs, 1);
  atLeast('passivateAfterMs', options.passivateAfterMs, 1);
  atLeast('retry.attempts', options.retry?.attempts, 1);
  atLeast('retry.delayMs', options.retry?.delayMs, 0);
  atLeast('history.turns', options.history?.turns, 1);
  atLeast('history.ms', options.history?.ms, 1);
  atLeast('version', options.version, 1);
  atLeast('record', options.record, 0);
  for (const [message, schema] of Object.entries(options.schema ?? {})) {
    const standard: unknown = (schema as Partial<StandardSchema> | null)?.['~standard'];
    if (typeof standard === 'object' && standard !== null && 'validate' in standard) continue;
    refuse(`schema.${message}`, schema, 'a Standard Schema, as zod, valibot and arktype make them');
  }
  for (const name of ['migrate', 'redact'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') refuse(name, options[name], 'a function');
  }
}

/** @throws InvalidDefinitionError with the path of what is not usable. */
export function checkMemory(where: string, memory: MailboxMemory | undefined, path: string): void {
  if (memory === undefined) return;
  const refuse = (at: string, allowed: string): never => {
    throw new InvalidDefinitionError(`${where}: ${at} must be ${allowed}.`, { data: { path: at } });
  };
  if (typeof memory !== 'object' || memory === null) refuse(path, 'an object');
  refuseUnknown(where, memory, ['budget', 'tenant'], path);
  const { budget, tenant }: { readonly budget: Partial<ByteBudget> | null; readonly tenant?: unknown } = memory;
  if (typeof budget?.reserve !== 'function') refuse(`${path}.budget`, 'a MemoryBudget');
  if (!['undefined', 'string', 'function'].includes(typeof tenant)) refuse(`${path}.tenant`, 'a name or a function');
}

/** @throws InvalidDefinitionError with the path of what is not usable. */
export function checkPlacement(where: string, needs: PlacementNeeds, path: string): void {
  refuseUnknown(where, needs, ['labels'], path);
  const labels: unknown = needs.labels ?? [];
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string' && isToken(label))) return;
  throw new InvalidDefinitionError(`${where}: ${path}.labels must be an array of names: ${tokenRule}`, {
    data: { path: `${path}.labels` },
  });
}
