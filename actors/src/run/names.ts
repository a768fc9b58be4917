import { InvalidDefinitionError, isToken, NameTakenError, NoSuchActorError, tokenRule } from '@jaegis/core';
import { bondsOf, type Process } from './process.ts';

/** The registered names of a node. A name belongs to one incarnation and is free again before anyone hears of its end. */
export class Names {
  readonly #holders = new Map<string, Process>();

  /** @throws InvalidDefinitionError for what is no name, NameTakenError, NoSuchActorError when it does not live. */
  register(name: string, process: Process): void {
    if (!isToken(name) || name === 'undefined') {
      throw new InvalidDefinitionError(`Name ${JSON.stringify(name)}: ${tokenRule}`, { data: { path: 'name' } });
    }
    if (!process.isAlive) throw new NoSuchActorError(`${process.address} does not live, so it can have no name.`);
    const holder = this.#holders.get(name);
    if (holder) {
      throw new NameTakenError(`The name "${name}" belongs to ${holder.address}.`, {
        data: { name, holder: holder.address },
      });
    }
    this.#holders.set(name, process);
    bondsOf(process).names.add(name);
  }

  /** @throws NoSuchActorError when nobody has the name. */
  unregister(name: string): void {
    const holder = this.#holders.get(name);
    if (!holder) throw nobody(name);
    holder.bonds?.names.delete(name);
    this.#holders.delete(name);
  }

  whereis(name: string): Process | undefined {
    return this.#holders.get(name);
  }

  list(): string[] {
    return [...this.#holders.keys()];
  }

  /** The holder has ended. */
  release(name: string, process: Process): void {
    if (this.#holders.get(name) === process) this.#holders.delete(name);
  }
}

export function nobody(name: string): Error {
  return new NoSuchActorError(`Nobody is registered as ${JSON.stringify(name)}.`, { data: { name } });
}
