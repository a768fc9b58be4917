/** How long files and functions are, in lines, and what files are called. */
import { basename } from 'node:path';
import { lineOf, type Source } from './sources.ts';
import { type Node, nameOf, walk } from './syntax.ts';

export interface Size {
  /** `path` of a file, `path#name` of a function. */
  readonly where: string;
  readonly lines: number;
}

export function fileSize({ path, text }: Source): Size {
  return { where: path, lines: text.trimEnd().split('\n').length };
}

/** One entry per function, method and arrow function with a body in braces; a function within another counts in both. */
export function functionSizes({ path, text, parsed }: Source): Size[] {
  const sizes: Size[] = [];
  walk(parsed.program, (node, around) => {
    if (!hasBody(node)) return;
    const lines = lineOf(text, node.end) - lineOf(text, node.start) + 1;
    sizes.push({ where: `${path}#${functionName(node, around[0]) ?? `line ${lineOf(text, node.start)}`}`, lines });
  });
  return sizes;
}

function hasBody(node: Node): boolean {
  const body = node.body;
  const isBlock = typeof body === 'object' && body !== null && 'type' in body && /(Block|Body)/.test(String(body.type));
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type) && isBlock;
}

function functionName(node: Node, parent: Node | undefined): string | undefined {
  return nameOf(node.id) ?? nameOf(parent?.key) ?? nameOf(parent?.id);
}

/** The value that 90 of 100 do not exceed. */
export function percentile90(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.9) - 1)] ?? 0;
}

const vague = /^(utils?|helpers?|types?|managers?|common|misc|shared|lib)$/;

/** Whether one of the words of a file's name says nothing about its subject. */
export function isVague({ path }: Source): boolean {
  const words = basename(path, '.ts')
    .replace(/\.test$/, '')
    .split(/[-_.]/);
  return words.length === 1
    ? vague.test(words[0] ?? '')
    : words.some((word) => /^(utils?|helpers?|managers?)$/.test(word));
}

/** The places that exceed a limit and are not in the list of those that did before, and entries that are stale. */
export function beyond(sizes: readonly Size[], limit: number, before: Readonly<Record<string, number>>): string[] {
  const grown = sizes.filter(({ where, lines }) => lines > (before[where] ?? limit));
  const stale = Object.entries(before).filter(([where, lines]) => {
    return !sizes.some((size) => size.where === where && size.lines === lines && lines > limit);
  });
  return [
    ...grown.map(
      ({ where, lines }) => `${where} has ${lines} lines, ${before[where] ?? limit} are allowed. Split it by subject.`,
    ),
    ...stale.map(([where]) => `${where} has shrunk or gone: lower or remove its entry in the ratchet.`),
  ];
}
