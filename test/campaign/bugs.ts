/** Bugs that are put between a node and its world, to show that a campaign finds them. */
import type { ClusterPorts } from '@jaegis/cluster';
import type { SimWorld } from '@jaegis/sim';

/** Changes the ports of each life of a node. */
export type Bug = (world: SimWorld) => (ports: ClusterPorts, life: Life) => ClusterPorts;

interface Life {
  readonly name: string;
  /** Counts the lives of this name. */
  readonly number: number;
}
