/** A walk over the values of a syntax tree, types left out: what the tidy tests ask is about what runs. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Calls `visit` for each node with the nodes around it, the nearest first. */
export function walk(root: unknown, visit: (node: Node, around: readonly Node[]) => void): void {
  step(root, []);

  function step(value: unknown, around: readonly Node[]): void {
    if (Array.isArray(value)) {
      for (const item of value) step(item, around);
    } else if (isNode(value) && !isTypeOnly(value)) {
      visit(value, around);
      const inside = [value, ...around];
      for (const field of Object.values(value)) step(field, inside);
    }
  }
}

/** Nodes that exist for types but hold an expression that runs, as in `x as T`. */
const withExpression = /^TS(As|Satisfies|NonNull|Instantiation)Expression$/;

function isTypeOnly(node: Node): boolean {
  return node.type.startsWith('TS') && !withExpression.test(node.type);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The name of an identifier node; `undefined` for any other. */
export function nameOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' && typeof value.name === 'string' ? value.name : undefined;
}
