/** The titles of the tests of a file, found in its syntax, so that no test has to run for them. */
import { lineOf, type Source } from './sources.ts';
import { type Node, nameOf, walk } from './syntax.ts';

export interface TestTitle {
  readonly path: string;
  readonly line: number;
  /** With `…` for what is known only when it runs; undefined where nothing is known. */
  readonly title: string | undefined;
}

export function testTitles({ path, text, parsed }: Source): TestTitle[] {
  const found: TestTitle[] = [];
  walk(parsed.program, (node) => {
    if (node.type !== 'CallExpression' || !isTestCallee(node.callee)) return;
    const [first] = Array.isArray(node.arguments) ? node.arguments : [];
    found.push({ path, line: lineOf(text, node.start), title: written(first) });
  });
  return found;
}

/** `test`, `it.concurrent`, `test.each(rows)`, `` it.each`table` ``, but not the `test.each` within. */
function isTestCallee(callee: unknown): boolean {
  if (isNamedTest(callee)) return true;
  if (!isNode(callee)) return false;
  if (callee.type === 'MemberExpression') return isNamedTest(callee.object) && !isTable(callee);
  const table = callee.type === 'CallExpression' ? callee.callee : callee.tag;
  return isNode(table) && isTable(table) && isNamedTest(table.object);
}

const isNamedTest = (node: unknown) => nameOf(node) === 'test' || nameOf(node) === 'it';
const isTable = (node: Node) => nameOf(node.property) === 'each' || nameOf(node.property) === 'for';

function written(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type === 'TemplateLiteral' && Array.isArray(node.quasis)) return node.quasis.map(cooked).join('…');
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return undefined;
  const left = written(node.left);
  return left === undefined ? undefined : left + (written(node.right) ?? '…');
}

function cooked(quasi: unknown): string {
  const value = isNode(quasi) ? quasi.value : undefined;
  return typeof value === 'object' && value !== null && 'cooked' in value ? String(value.cooked) : '';
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
