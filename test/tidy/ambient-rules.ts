/**
 * Finds where a file reaches the world other than through a port: clock, timers, chance, process, console, sockets.
 * A name that the file declares itself is taken as its own.
 */
import { importsOf } from './import-rules.ts';
import { lineOf, type Source } from './sources.ts';
import { type Node, nameOf, walk } from './syntax.ts';

export interface Finding {
  readonly path: string;
  readonly line: number;
  /** What was used, as one would write it: `Date.now`, `process`, `node:net`. */
  readonly name: string;
  readonly instead: string;
}

const instead = {
  clock: 'take a Clock',
  random: 'take a Random',
  process: 'take a Host',
  console: 'take a Logger',
  socket: 'take a Transport',
} as const;

const globals: Readonly<Record<string, string>> = {
  performance: instead.clock,
  setTimeout: instead.clock,
  setInterval: instead.clock,
  setImmediate: instead.clock,
  clearTimeout: instead.clock,
  clearInterval: instead.clock,
  clearImmediate: instead.clock,
  Temporal: instead.clock,
  process: instead.process,
  console: instead.console,
  fetch: instead.socket,
  WebSocket: instead.socket,
  EventSource: instead.socket,
};

const members: Readonly<Record<string, string>> = {
  'Date.now': instead.clock,
  'AbortSignal.timeout': instead.clock,
  'Math.random': instead.random,
  'crypto.randomUUID': instead.random,
  'crypto.getRandomValues': instead.random,
};

const modules: Readonly<Record<string, string>> = {
  'node:timers': instead.clock,
  'node:timers/promises': instead.clock,
  'node:perf_hooks': instead.clock,
  'node:process': instead.process,
  'node:console': instead.console,
  'node:net': instead.socket,
  'node:tls': instead.socket,
  'node:dgram': instead.socket,
  'node:http': instead.socket,
  'node:https': instead.socket,
  'node:http2': instead.socket,
  'node:dns': instead.socket,
  'node:dns/promises': instead.socket,
};

export function ambientUses(source: Source): Finding[] {
  const { path, text, parsed } = source;
  const own = declaredNames(parsed.program);
  const found: Finding[] = [];
  const add = (line: number, name: string, advice: string) => found.push({ path, line, name, instead: advice });
  for (const { specifier, line } of importsOf(source)) {
    const advice = modules[specifier];
    if (advice) add(line, specifier, advice);
  }
  walk(parsed.program, (node, around) => {
    const use = chanceImport(node, around) ?? memberUse(node, own) ?? globalUse(node, around, own);
    if (use) add(lineOf(text, node.start), use.name, use.advice);
  });
  return found;
}

interface Use {
  readonly name: string;
  readonly advice: string;
}

function chanceImport(node: Node, around: readonly Node[]): Use | undefined {
  const from = around[0]?.source;
  if (node.type !== 'ImportSpecifier' || !isCryptoLiteral(from)) return undefined;
  const name = nameOf(node.imported) ?? '';
  return /^(random|getRandomValues|webcrypto)/.test(name)
    ? { name: `crypto.${name}`, advice: instead.random }
    : undefined;
}

function isCryptoLiteral(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'value' in value && value.value === 'node:crypto';
}

function memberUse(node: Node, own: ReadonlySet<string>): Use | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  const object = nameOf(node.object);
  const property = nameOf(node.property);
  if (object === undefined || property === undefined || own.has(object)) return undefined;
  if (object === 'globalThis' || object === 'global') return fromTable(globals, property, property);
  return fromTable(members, `${object}.${property}`, `${object}.${property}`);
}

function globalUse(node: Node, around: readonly Node[], own: ReadonlySet<string>): Use | undefined {
  const name = nameOf(node);
  if (name === undefined || own.has(name) || !isReference(node, around[0])) return undefined;
  return name === 'Date' ? presentTime(around[0]) : fromTable(globals, name, name);
}

/** `new Date()` and `Date()` read the clock; `new Date(ms)`, `Date.UTC` and `instanceof Date` do not. */
function presentTime(parent: Node | undefined): Use | undefined {
  const argumentCount = Array.isArray(parent?.arguments) ? parent.arguments.length : 0;
  const reads = parent?.type === 'CallExpression' || (parent?.type === 'NewExpression' && argumentCount === 0);
  return reads ? { name: 'Date', advice: instead.clock } : undefined;
}

function fromTable(table: Readonly<Record<string, string>>, key: string, name: string): Use | undefined {
  const advice = Object.hasOwn(table, key) ? table[key] : undefined;
  return advice === undefined ? undefined : { name, advice };
}

const namesOnly = /^(Import|Export).*Specifier$|^LabeledStatement$/;

function isReference(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined || namesOnly.test(parent.type)) return false;
  const isName = parent.property === node || (parent.key === node && parent.value !== node);
  return !isName || parent.computed === true;
}

function declaredNames(program: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  walk(program, (node) => {
    for (const pattern of [node.id, node.local, ...(isFunction(node) ? [node.params] : []), node.param]) {
      for (const name of boundNames(pattern)) names.add(name);
    }
  });
  return names;
}

const isFunction = (node: Node) => /Function|Method/.test(node.type) && Array.isArray(node.params);

function boundNames(pattern: unknown): string[] {
  const names: string[] = [];
  walk(pattern, (node, around) => {
    const name = nameOf(node);
    const isDefault = around.some((outer) => outer.type === 'AssignmentPattern' && outer.right === node);
    if (name !== undefined && !isDefault && isReference(node, around[0] ?? node)) names.push(name);
  });
  return names;
}
