import { type BudgetView, type ByteBudget, OverloadedError } from '@jaegis/core';
import { checkOptions, namesOf } from '../known-options.ts';
import { positive } from './checked.ts';

export interface MemoryBudgetOptions {
  /** For errors and inspection. Default `memory`. */
  readonly name?: string | undefined;
  /** Bytes that may be reserved at once, by all together. */
  readonly maxBytes: number;
  /** Bytes that one tenant may have of them. Default: all. */
  readonly tenantBytes?: number | undefined;
  /** The same for tenants that differ from the others. */
  readonly tenants?: Readonly<Record<string, number>> | undefined;
}

const names = namesOf<MemoryBudgetOptions>({ name: true, maxBytes: true, tenantBytes: true, tenants: true });

/**
 * Who may hold how many bytes: bookkeeping, which whoever allocates asks first. A budget within another counts against
 * both, so that a component has its own bound and all together have theirs.
 */
export class MemoryBudget implements ByteBudget {
  readonly name: string;
  readonly maxBytes: number;
  readonly #parent: MemoryBudget | undefined;
  readonly #tenantBytes: number;
  readonly #exceptions: ReadonlyMap<string | undefined, number>;
  /** Of those that hold something; so there are never more of them than bytes. */
  readonly #held = new Map<string | undefined, number>();
  #usedBytes = 0;
  #refused = 0;

  /** @throws InvalidConfigError for a bound that is not above 0, and for an option that is none; `data.path` names it. */
  constructor(options: MemoryBudgetOptions, parent?: MemoryBudget) {
    checkOptions('memory', options, names);
    const { name = 'memory', maxBytes, tenantBytes = maxBytes, tenants = {} } = options;
    this.name = name;
    this.#parent = parent;
    this.maxBytes = positive('memory.maxBytes', maxBytes);
    this.#tenantBytes = positive('memory.tenantBytes', tenantBytes);
    for (const [tenant, bytes] of Object.entries(tenants)) positive(`memory.tenants.${tenant}`, bytes);
    this.#exceptions = new Map(Object.entries(tenants));
  }

  /** Bytes that are reserved here and in the budgets within. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  get view(): BudgetView {
    return { name: this.name, usedBytes: this.#usedBytes, maxBytes: this.maxBytes, refused: this.#refused };
  }

  /** Of them, those of one tenant. */
  usedBy(tenant: string | undefined): number {
    return this.#held.get(tenant) ?? 0;
  }

  /** A budget within this one: what is reserved there is reserved here, for the same tenant. */
  child(options: MemoryBudgetOptions): MemoryBudget {
    return new MemoryBudget(options, this);
  }

  /**
   * @param bytes 0 or more.
   * @returns Gives them back; a second time it does nothing.
   * @throws OverloadedError where they are more than is left, here or in a budget around this one; nothing is reserved
   * then. `data`: `budget`, `tenant`, `bytes`, `usedBytes` and `maxBytes` of the bound that was met.
   * @throws InvalidConfigError where `bytes` is no such number.
   */
  reserve(tenant: string | undefined, bytes: number): () => void {
    if (bytes !== 0) positive('bytes', bytes);
    for (let budget: MemoryBudget | undefined = this; budget !== undefined; budget = budget.#parent) {
      budget.#check(tenant, bytes);
    }
    this.#add(tenant, bytes);
    let isHeld = true;
    return () => {
      if (isHeld) this.#add(tenant, -bytes);
      isHeld = false;
    };
  }

  #check(tenant: string | undefined, bytes: number): void {
    const most = this.#exceptions.get(tenant) ?? this.#tenantBytes;
    const held = this.usedBy(tenant);
    if (this.#usedBytes + bytes > this.maxBytes) throw this.#overloaded(tenant, bytes, this.#usedBytes, this.maxBytes);
    if (held + bytes > most) throw this.#overloaded(tenant, bytes, held, most);
  }

  #add(tenant: string | undefined, bytes: number): void {
    const held = this.usedBy(tenant) + bytes;
    if (held === 0) this.#held.delete(tenant);
    else this.#held.set(tenant, held);
    this.#usedBytes += bytes;
    if (this.#parent !== undefined) this.#parent.#add(tenant, bytes);
  }

  #overloaded(tenant: string | undefined, bytes: number, usedBytes: number, maxBytes: number): unknown {
    this.#refused++;
    const whose = tenant === undefined ? '' : ` for ${tenant}`;
    const message = `The budget ${this.name} has no ${bytes} bytes left${whose}: ${usedBytes} of ${maxBytes} are in use.`;
    return new OverloadedError(message, { data: { budget: this.name, tenant, bytes, usedBytes, maxBytes } });
  }
}
