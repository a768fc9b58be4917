/** What a supervisor says about its children. */
import { refOf } from '../run/process.ts';
import type { AnyProtocol } from '../run/protocol.ts';
import type { Ref } from '../run/ref.ts';
import type { Child } from './child.ts';
import type { Children } from './children.ts';
import type { ChildKind, FullChildSpec } from './spec.ts';

export interface ChildInfo {
  /** Undefined under simple_one_for_one. */
  readonly id: string | undefined;
  readonly kind: ChildKind;
  /** Undefined while it does not run. */
  readonly ref: Ref<AnyProtocol> | undefined;
  /** Counts its starts: another number is what another pid is in OTP. */
  readonly incarnation: number;
  readonly status: 'running' | 'restarting' | 'stopped';
}

export interface ChildCount {
  /** Places, whether somebody lives in them or not; 1 under simple_one_for_one. */
  readonly specs: number;
  /** Those that run. */
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

export function childInfo(children: Children, child: Child): ChildInfo {
  const { process, status, spec } = child;
  return {
    id: children.flags.strategy === 'simple_one_for_one' ? undefined : child.id,
    kind: spec.kind,
    ref: status === 'running' && process?.isAlive ? refOf(process) : undefined,
    incarnation: process?.incarnation ?? 0,
    status,
  };
}

export function infoOf(children: Children): (child: Child) => ChildInfo {
  return (child) => childInfo(children, child);
}

export function countOf(children: Children): ChildCount {
  const list = children.list();
  const isSimple = children.flags.strategy === 'simple_one_for_one';
  const supervisors = list.filter(({ spec }) => spec.kind === 'supervisor').length;
  return {
    specs: isSimple ? 1 : list.length,
    active: list.filter(({ status, process }) => status === 'running' && process?.isAlive).length,
    supervisors,
    workers: list.length - supervisors,
  };
}

export function childSpecOf({ spec, id }: Child): FullChildSpec {
  return spec.id === id ? spec : { ...spec, id: spec.id };
}
