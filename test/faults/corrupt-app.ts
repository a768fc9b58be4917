/** What is damaged on purpose, and how it is looked at. */
import { readFileSync, writeFileSync } from 'node:fs';
import { defineActor, defineApp, type JaegisNode, type TurnRecord } from 'jaegis';

export const page = defineActor('page', {
  state: () => ({ lines: [] as readonly string[] }),
  schema: {
    write: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof (value as { line?: unknown }).line === 'string'
            ? { value: value as { line: string } }
            : { issues: [{ message: 'must be a text', path: ['line'] }] },
      },
    },
  },
  on: {
    write: ({ lines }, { line }: { line: string }) => ({ state: { lines: [...lines, line] }, reply: lines.length + 1 }),
    read: ({ lines }) => ({ reply: lines }),
  },
});
/** What a page is told by others: it has no schema of its own. */
export const copy = defineActor('copy', {
  state: () => ({ lines: [] as readonly string[] }),
  on: {
    take: ({ lines }, { line }: { line: string }) => ({ state: { lines: [...lines, line] } }),
    read: ({ lines }) => ({ reply: lines }),
  },
});
/** Sends each line to a copy, and once more when its timer fires. */
export const author = defineActor('author', {
  state: () => ({ written: 0 }),
  on: {
    write: ({ written }, { line, laterMs }: { line: string; laterMs: number }, context) => {
      context.send(context.entity(copy, context.key), { type: 'take', line });
      context.schedule(line, { afterMs: laterMs }, { type: 'ring', line });
      return { state: { written: written + 1 }, reply: written + 1 };
    },
    ring: (_state, { line }: { line: string }, context) => {
      context.send(context.entity(copy, context.key), { type: 'take', line: `${line} again` });
    },
  },
});
export const app = defineApp({ entities: [page, author, copy] });

export function write(node: JaegisNode, key: string, line: string, timeoutMs = 30_000): Promise<number> {
  return node.entity(page, key).ask({ type: 'write', line }, { timeoutMs });
}

export async function lastTurn(node: JaegisNode, key: string, type = 'page'): Promise<TurnRecord> {
  let last: TurnRecord | undefined;
  for await (const turn of node.history({ entity: { type, key } })) last = turn;
  if (last === undefined) throw new Error(`${type}/${key} has no turn`);
  return last;
}

/** Of the last place where the text stands. */
export function flipIn(file: string, text: string): void {
  const bytes = readFileSync(file);
  const at = bytes.lastIndexOf(text);
  if (at < 0) throw new Error(`${text} is not in ${file}`);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(file, bytes);
}
