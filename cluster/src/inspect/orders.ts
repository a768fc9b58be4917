/** Orders of operators to the policies of a name, on one node or on all. */
import {
  breakerOrders,
  errorFromData,
  hasCode,
  InvalidMessageError,
  type PolicyOrder,
  type PolicyView,
  type View,
} from '@jaegis/core';
import type { TuneAnswer } from './answers.ts';
import type { Gather } from './gather.ts';
import { knownNode } from './known-node.ts';
import { type Fields, objectIfAny, textIfAny, textIn } from './request.ts';

export interface OrdersOptions {
  readonly cluster: string;
  readonly view: () => View;
  readonly gather: Gather;
}

export class Orders {
  readonly #options: OrdersOptions;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  /**
   * Each node does all of it or nothing.
   * @throws What the nodes said where none has done it: NoSuchPolicyError only where none has such a policy.
   */
  async tune(fields: Fields): Promise<TuneAnswer> {
    const { cluster, view, gather } = this.#options;
    const policy = textIn(fields, 'policy', 'payments');
    const node = textIfAny(fields, 'node');
    const body = { policy, ...orderIn(fields) };
    const { epoch, members: all } = view();
    const members = node === undefined ? all : [knownNode(node, view())];
    const { answers, missing } = await gather.all<PolicyView>({ word: 'operate', what: 'obey', body, members });
    const isWithout = (error: unknown) => hasCode(error, 'no_such_policy');
    const others = missing.filter(({ error }) => !isWithout(error));
    const why = others[0] ?? missing[0];
    if (answers.length === 0 && why !== undefined) throw errorFromData(why.error);
    return {
      cluster,
      epoch,
      policy,
      nodes: answers.map(({ node: id, answer }) => ({ node: id, policy: answer })),
      without: missing.filter(({ error }) => isWithout(error)).map(({ node: id }) => id),
      missing: others,
    };
  }
}

/** What it says is for the policy to check. @throws InvalidMessageError */
export function orderIn(fields: Fields): PolicyOrder {
  const [set, given] = [objectIfAny(fields, 'set'), textIfAny(fields, 'breaker')];
  const breaker = breakerOrders.find((each) => each === given);
  if (given !== undefined && breaker === undefined) {
    throw new InvalidMessageError(`Expected ${breakerOrders.join(', ')} as "breaker".`, { data: { path: '.breaker' } });
  }
  return { ...(set === undefined ? {} : { set }), ...(breaker === undefined ? {} : { breaker }) };
}
