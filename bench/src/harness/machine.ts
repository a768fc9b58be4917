import { arch, availableParallelism, cpus, type as osType, release, totalmem } from 'node:os';
import type { Machine } from './report.ts';

/** What a figure was measured on. */
export function machine(versions: Readonly<Record<string, string>>): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e8) / 10,
    os: `${osType()} ${release().split('.').slice(0, 2).join('.')} ${arch()}`,
    versions: { node: process.versions.node, ...versions },
  };
}
