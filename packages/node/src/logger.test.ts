import { spawnSync } from 'node:child_process';
import { OverloadedError } from '@jaegis/core';
import { expect, test } from 'vitest';
import { type LogLevel, pinoLogger } from './logger.ts';

function recorded(level: LogLevel = 'info') {
  const lines: Record<string, unknown>[] = [];
  const logger = pinoLogger({ level, destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  return { lines, logger };
}

test('a line holds time, level, process, message and fields', () => {
  const { lines, logger } = recorded();
  logger.info('Node joined', { node: 'a', epoch: 3 });
  expect(lines).toEqual([
    { level: 'info', time: expect.stringMatching(/Z$/), pid: process.pid, node: 'a', epoch: 3, msg: 'Node joined' },
  ]);
});

test('lines below the level are not written', () => {
  const { lines, logger } = recorded('warn');
  for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level](level);
  expect(lines.map((line) => line.msg)).toEqual(['warn', 'error']);
});

test('an error is written with its code, data and causes', () => {
  const { lines, logger } = recorded();
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  logger.error('Send failed', { error: new OverloadedError('full', { cause, data: { limit: 5 } }) });
  expect(lines[0]?.error).toMatchObject({
    name: 'OverloadedError',
    message: 'full',
    code: 'overloaded',
    data: { limit: 5 },
    stack: expect.stringContaining('logger.test'),
    cause: { message: 'refused', code: 'ECONNREFUSED' },
  });
});

test('a child adds its fields to every line', () => {
  const { lines, logger } = recorded();
  logger.child({ node: 'a' }).child({ actor: 'b' }).warn('Restarted', { attempt: 2 });
  expect(lines[0]).toMatchObject({ node: 'a', actor: 'b', attempt: 2, msg: 'Restarted' });
});

test('a line that cannot be shown as it is does not throw', () => {
  const { lines, logger } = recorded();
  const circular: Record<string, unknown> = { big: 1n };
  circular.self = circular;
  logger.info('odd', { circular });
  expect(lines).toHaveLength(1);
});

test('without a destination lines go to standard error, also the last before an exit', () => {
  const door = JSON.stringify(new URL('./index.ts', import.meta.url).href);
  const script = `import { pinoLogger } from ${door}; pinoLogger().error('last words'); process.exit(3);`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(run).toMatchObject({ status: 3, stdout: '' });
  expect(JSON.parse(run.stderr)).toMatchObject({ level: 'error', msg: 'last words' });
});
