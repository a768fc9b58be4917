/** The processes of a campaign: the production code of a node over the ports of a simulated world, life after life. */
import type { ClusterNode, ClusterPorts } from '@jaegis/cluster';
import type { SimWorld } from '@jaegis/sim';
import type { Chronicle } from './chronicle.ts';
import { makeNode } from './make-node.ts';

/** One process, from its start to its end. */
export interface Life {
  readonly name: string;
  readonly role: 'member' | 'client';
  /** Counts the lives of this name from 1. */
  readonly number: number;
  readonly node: ClusterNode;
  isUp: boolean;
}

export interface StageOptions {
  readonly world: SimWorld;
  readonly chronicle: Chronicle;
  /** A node has a view; it is called this by itself. */
  readonly onView: (life: Life, view: ClusterNode['membership']['view']) => void;
  /** Something that must not happen. */
  readonly onFailure: (life: Life, error: unknown) => void;
  /** Of all members. Default 1. */
  readonly weight?: number;
  /** Puts a bug between the node and its world. Default: none. */
  readonly disturb?: ((ports: ClusterPorts, life: Pick<Life, 'name' | 'number'>) => ClusterPorts) | undefined;
}

/** What runs a process starts it again when it could not start, after so long, in ms. */
const AGAIN_MS = 500;

export class Stage {
  readonly lives = new Map<string, Life>();
  readonly #options: StageOptions;
  readonly #starting = new Set<string>();
  readonly #numbers = new Map<string, number>();

  constructor(options: StageOptions) {
    this.#options = options;
  }

  get world(): SimWorld {
    return this.#options.world;
  }

  /** Unless it runs. */
  start(name: string, role: Life['role'] = 'member'): void {
    if (this.lives.has(name) || this.#starting.has(name)) return;
    void this.#start(name, role);
  }

  /** Its process is killed. */
  crash(name: string): void {
    if (!this.lives.delete(name)) return;
    this.world.network.crash(name);
    this.#options.chronicle.add('node', [name], 'is dead');
  }

  /** It leaves in order, and ends. */
  async stop(name: string): Promise<void> {
    const life = this.lives.get(name);
    if (life === undefined || !life.isUp) return;
    life.isUp = false;
    await life.node.stop();
    if (this.lives.get(name) === life) this.crash(name);
  }

  /** Nothing of it runs any more. */
  end(): void {
    for (const name of [...this.lives.keys()]) this.crash(name);
  }

  async #start(name: string, role: Life['role']): Promise<void> {
    const number = (this.#numbers.get(name) ?? 0) + 1;
    this.#numbers.set(name, number);
    const { world, chronicle, weight, disturb = (ports: ClusterPorts) => ports } = this.#options;
    const onFailure = (error: unknown) => this.#options.onFailure(life, error);
    this.#starting.add(name);
    const node = await makeNode({
      world,
      name,
      role,
      number,
      weight,
      onFailure,
      disturb: (ports) => disturb(ports, { name, number }),
    });
    const life: Life = { name, role, number, node, isUp: false };
    this.lives.set(name, life);
    this.#starting.delete(name);
    node.membership.onView((view) => this.#options.onView(life, view));
    try {
      await node.start();
      life.isUp = true;
      chronicle.add('node', [name], `is up, for the ${ordinal(number)} time`);
    } catch (error) {
      chronicle.add('node', [name], `could not start: ${error}`);
      if (this.lives.get(name) !== life) return;
      this.crash(name);
      world.clock.setTimer(AGAIN_MS, () => this.start(name, role));
    }
  }
}

function ordinal(number: number): string {
  return `${number}${['th', 'st', 'nd', 'rd'][number % 100 > 10 && number % 100 < 20 ? 0 : number % 10] ?? 'th'}`;
}
