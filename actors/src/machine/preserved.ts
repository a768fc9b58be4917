/**
 * The two forms in which a machine's state outlives its incarnation: in memory, where the snapshot is kept as it is,
 * and as plain data for a record or another process. Both carry what XState's own snapshot lacks: the delays, and what
 * each child is.
 */
import { CorruptRecordError, errorToData, NotSerializableError } from '@jaegis/core';
import type { AnyMachineSnapshot } from 'xstate';
import type { LogicKind } from './children.ts';
import type { DelayRecord } from './delays.ts';

/** A child as XState persists it, and what we add. */
export interface ChildRecord {
  readonly snapshot: StateRecord;
  /** Its name in the machine's implementations; in memory also the logic itself. */
  readonly src: unknown;
  readonly systemId?: string | undefined;
  readonly syncSnapshot?: boolean | undefined;
  readonly kind: LogicKind;
  /** It is done and its machine has not been told. */
  readonly untold?: true;
}

/** A snapshot of a machine or of other logic as XState persists it. */
export interface StateRecord {
  readonly status: string;
  readonly value?: unknown;
  readonly context?: unknown;
  readonly output?: unknown;
  readonly error?: unknown;
  readonly input?: unknown;
  readonly children?: Readonly<Record<string, ChildRecord>>;
}

/** What a machine is started from again. */
export interface Preserved {
  readonly snapshot: AnyMachineSnapshot | StateRecord;
  readonly delays: readonly DelayRecord[];
}

/** In this process: without children, the snapshot is the one that the machine had. */
export class MachineMemory implements Preserved {
  readonly snapshot: AnyMachineSnapshot | StateRecord;
  readonly delays: readonly DelayRecord[];

  constructor(snapshot: AnyMachineSnapshot | StateRecord, delays: readonly DelayRecord[]) {
    this.snapshot = snapshot;
    this.delays = delays;
  }
}

/** As plain data. */
export interface MachineRecord extends Preserved {
  readonly format: 1;
  readonly snapshot: StateRecord;
}

/** @throws NotSerializableError for a child without a name that another process could know it by. */
export function toRecord(snapshot: StateRecord, delays: readonly DelayRecord[]): MachineRecord {
  return { format: 1, snapshot: plain(snapshot, 'children'), delays };
}

function plain(state: StateRecord, path: string): StateRecord {
  const children: Record<string, ChildRecord> = {};
  for (const [id, child] of Object.entries(state.children ?? {})) {
    const place = `${path}.${id}`;
    if (typeof child.src !== 'string') {
      throw new NotSerializableError(`The machine's child at ${place} was spawned from logic without a name.`, {
        data: { path: place },
      });
    }
    children[id] = { ...child, snapshot: plain(child.snapshot, `${place}.children`) };
  }
  return {
    ...state,
    ...(state.children ? { children } : {}),
    ...(state.error === undefined ? {} : { error: errorToData(state.error) }),
  };
}

/** @throws CorruptRecordError when it is neither of the two forms. */
export function readPreserved(preserved: unknown): Preserved {
  if (preserved instanceof MachineMemory) return preserved;
  const record = objectAt(preserved, 'state');
  if (record.format !== 1) refuse('state.format', record.format, '1');
  checkState(record.snapshot, 'state.snapshot');
  const machine = objectAt(record.snapshot, 'state.snapshot');
  if (typeof machine.value !== 'string') objectAt(machine.value, 'state.snapshot.value');
  objectAt(machine.context, 'state.snapshot.context');
  objectAt(machine.children, 'state.snapshot.children');
  if (!Array.isArray(record.delays)) refuse('state.delays', record.delays, 'a list');
  for (const [index, delay] of (record.delays as unknown[]).entries()) checkDelay(delay, `state.delays[${index}]`);
  return record as unknown as MachineRecord; // checked above
}

function checkState(state: unknown, path: string): void {
  const { status, children } = objectAt(state, path);
  if (typeof status !== 'string' || !['active', 'done', 'error', 'stopped'].includes(status)) {
    refuse(`${path}.status`, status, 'active, done, error or stopped');
  }
  if (children === undefined) return;
  for (const [id, child] of Object.entries(objectAt(children, `${path}.children`))) {
    checkState(objectAt(child, `${path}.children.${id}`).snapshot, `${path}.children.${id}.snapshot`);
  }
}

function checkDelay(delay: unknown, path: string): void {
  const record = objectAt(delay, path);
  for (const name of ['source', 'target']) {
    if (!Array.isArray(record[name])) refuse(`${path}.${name}`, record[name], 'a list of ids');
  }
  for (const name of ['delayMs', 'dueAt', 'leftMs']) {
    if (!Number.isFinite(record[name])) refuse(`${path}.${name}`, record[name], 'a number');
  }
  if (typeof record.id !== 'string') refuse(`${path}.id`, record.id, 'text');
  const { type } = objectAt(record.event, `${path}.event`);
  if (typeof type !== 'string') refuse(`${path}.event.type`, type, 'text');
}

function objectAt(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) refuse(path, value, 'an object');
  return value as Readonly<Record<string, unknown>>; // an object, as just seen
}

function refuse(path: string, value: unknown, expected: string): never {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  throw new CorruptRecordError(`The state of a machine cannot be read: ${path} is ${shown}, expected ${expected}.`, {
    data: { path },
  });
}
