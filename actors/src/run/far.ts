import type { Process } from './process.ts';
import type { AnyRef } from './ref.ts';

/** The other nodes, as the kernel of this one reaches their processes. */
export interface Far {
  /** Stands for the process of another node that this is the address of; undefined: it is none of another node. */
  process(target: AnyRef | string): Process | undefined;
}
