/** What a stream that is there has in common with the wanted one, and what of it may be changed. Pure. */
import { ClusterMismatchError } from '@jaegis/core';
import type { StreamConfig } from '@nats-io/jetstream';

/** Settings that a node which starts may change. */
export interface ChangeableSettings {
  readonly num_replicas: number;
  /** Undefined, as below: as it is. */
  readonly max_bytes?: number | undefined;
  readonly max_msgs_per_subject?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A setting that is not as it should be. */
export interface Difference {
  readonly key: string;
  /** As a sentence without an end: `max_age is 5, not 0`. */
  readonly text: string;
}

export function differencesOf(present: StreamConfig, wanted: Partial<StreamConfig>): Difference[] {
  // Objects with the same keys, so that the keys of the one can be read of the other.
  const values = present as unknown as Record<string, unknown>;
  return Object.entries(wanted)
    .filter(([key, value]) => text(values[key] ?? false) !== text(value))
    .map(([key, value]) => ({ key, text: `${key} is ${text(values[key])}, not ${text(value)}` }));
}

/** @throws ClusterMismatchError that names each setting, as it is and as it should be. */
export function assertSame(present: StreamConfig, wanted: Partial<StreamConfig>): void {
  const differing = differencesOf(present, wanted);
  if (differing.length === 0) return;
  const list = differing.map((difference) => difference.text).join('; ');
  throw new ClusterMismatchError(`The stream ${present.name} exists with other settings: ${list}.`, {
    data: { stream: present.name, differing: differing.map(({ key }) => key) },
  });
}

/** What of a stream must become other. Copies are added and never given up; what is not wanted stays as it is. */
export function changesTo(present: StreamConfig, wanted: ChangeableSettings): Partial<StreamConfig> {
  const { num_replicas, metadata, ...bounds } = wanted;
  const changed = Object.entries(bounds).filter(
    ([key, value]) => value !== undefined && value !== present[key as keyof typeof bounds], // a key of it
  );
  const isRaised = num_replicas > present.num_replicas;
  const isNoted = Object.entries(metadata ?? {}).some(([key, value]) => present.metadata?.[key] !== value);
  return {
    ...Object.fromEntries(changed),
    ...(isRaised ? { num_replicas } : {}),
    ...(isNoted ? { metadata: { ...present.metadata, ...metadata } } : {}),
  };
}

function text(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? value.toSorted() : value) ?? 'not set';
}
