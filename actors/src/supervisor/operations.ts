import {
  ChildPresentError,
  ChildRestartingError,
  ChildRunningError,
  ChildStartedError,
  DynamicSupervisorError,
  InvalidDefinitionError,
  NoSuchChildError,
  StartFailedError,
} from '@jaegis/core';
import { Process, refOf, type StartResult } from '../run/process.ts';
import type { AnyProtocol } from '../run/protocol.ts';
import type { AnyRef, Ref } from '../run/ref.ts';
import { Child } from './child.ts';
import type { Children } from './children.ts';
import { checkChildSpec, type FullChildSpec, type FullSupervisorSpec } from './spec.ts';

/** What is done to the children of a supervisor at run time, as OTP's supervisor has it. */
export class Operations {
  readonly #children: Children;
  readonly #address: () => string;
  #template: FullChildSpec | undefined;

  constructor(children: Children, address: () => string) {
    this.#children = children;
    this.#address = address;
  }

  configure(spec: FullSupervisorSpec): void {
    this.#children.flags = spec;
    this.#template = spec.strategy === 'simple_one_for_one' ? spec.children[0] : undefined;
  }

  async start(given: readonly unknown[]): Promise<Ref<AnyProtocol> | undefined> {
    const child = this.#template ? this.#instance(this.#template, given) : this.#place(given[0]);
    this.#children.add(child);
    const result = await this.#children.start(child);
    if (result.kind === 'failed') this.#children.drop(child);
    else if (child.spec.restart === 'temporary') child.forgetArguments();
    return this.#outcome(child, result);
  }

  async terminate(target: string | AnyRef): Promise<void> {
    await this.#children.stop(this.find(target));
  }

  async restart(id: string): Promise<Ref<AnyProtocol> | undefined> {
    const child = this.#stopped(id);
    const result = await this.#children.start(child);
    if (result.kind === 'failed') child.process?.release();
    return this.#outcome(child, result);
  }

  delete(id: string): void {
    this.#children.drop(this.#stopped(id));
  }

  reconfigure(spec: FullSupervisorSpec): void {
    const { strategy } = this.#children.flags;
    if ((strategy === 'simple_one_for_one') !== (spec.strategy === 'simple_one_for_one')) {
      throw new InvalidDefinitionError(
        `${this.#address()}: a supervisor cannot become simple_one_for_one or cease to be.`,
        {
          data: { path: 'strategy' },
        },
      );
    }
    this.configure(spec);
    for (const childSpec of this.#template ? [] : spec.children) {
      const known = this.#children.get(childSpec.id);
      if (known) known.spec = childSpec;
      else this.#children.add(new Child(childSpec.id, childSpec, [], false));
    }
  }

  /** @throws NoSuchChildError, DynamicSupervisorError for an id where children have none. */
  find(target: string | AnyRef): Child {
    if (typeof target !== 'string') {
      const child = target instanceof Process ? this.#children.of(target) : this.#at(target.address);
      if (child) return child;
      throw new NoSuchChildError(`${this.#address()} has no child at ${target.address}.`);
    }
    if (this.#template) {
      throw new DynamicSupervisorError(
        `${this.#address()}: children have no ids here, also not ${JSON.stringify(target)}.`,
      );
    }
    const child = this.#children.get(target);
    if (child) return child;
    throw new NoSuchChildError(`${this.#address()} has no child ${JSON.stringify(target)}.`, { data: { id: target } });
  }

  #at(address: string): Child | undefined {
    return this.#children.list().find(({ process }) => process?.address === address);
  }

  #stopped(id: string): Child {
    const child = this.find(id);
    const what = `${this.#address()}: child "${child.id}"`;
    if (child.status === 'running') throw new ChildRunningError(`${what} runs.`, { data: { id: child.id } });
    if (child.status === 'restarting') throw new ChildRestartingError(`${what} restarts.`, { data: { id: child.id } });
    return child;
  }

  #instance(template: FullChildSpec, args: readonly unknown[]): Child {
    return new Child(this.#children.nextId(), template, args, true);
  }

  #place(given: unknown): Child {
    const spec = checkChildSpec(`startChild of ${this.#address()}`, given, this.#children.flags);
    const known = this.#children.get(spec.id);
    if (!known) return new Child(spec.id, spec, [], false);
    const what = `${this.#address()} has a child "${spec.id}" already`;
    const data = { id: spec.id, ...(known.process ? { address: known.process.address } : {}) };
    if (known.status !== 'running') throw new ChildPresentError(`${what}, which does not run.`, { data });
    throw new ChildStartedError(`${what}, which runs.`, { data });
  }

  #outcome(child: Child, result: StartResult): Ref<AnyProtocol> | undefined {
    if (result.kind === 'started') return refOf(child.process);
    if (result.kind === 'ignored') return undefined;
    const { error } = result;
    if (error instanceof Error) throw error;
    throw new StartFailedError(`${this.#address()}: child "${child.id}" did not start: ${String(error)}`, {
      cause: error,
      data: { child: child.id },
    });
  }
}
