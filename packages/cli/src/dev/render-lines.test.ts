import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { Echoes, renderEvent, renderLogLine } from './render-lines.ts';

const log = (line: string) => stripVTControlCharacters(renderLogLine(line));

it('a line of the log is its level, its message and what it says besides', () => {
  const line = '{"level":"warn","time":"2026","pid":7,"node":"n1","cluster":"c","suspect":"n2","msg":"silent"}';
  expect(log(line)).toBe('warn silent suspect=n2');
});

it('an error is shown by its message and the first place in the app', () => {
  const stack = 'Error: boom\n    at run (file:///x/node_modules/jaegis/a.js:1:1)\n    at add (file:///me/app.ts:3:9)';
  const line = JSON.stringify({ level: 'error', msg: 'crashed', error: { message: 'boom', stack } });
  expect(log(line)).toBe('error crashed: boom at add (file:///me/app.ts:3:9)');
});

it.each(['hello', '{"my":"json"}', '{ not json'])('what an app writes is shown as it is: %s', (line) => {
  expect(log(line)).toBe(line);
});

it('an event is its type and its fields; what every node tells of the view is left to the view', () => {
  const event = { node: 'n1', timeMs: 1 };
  expect(stripVTControlCharacters(renderEvent({ ...event, type: 'node_down', down: 'n2' }) ?? '')).toBe(
    'node_down down=n2',
  );
  expect(renderEvent({ ...event, type: 'view_changed', epoch: 3 })).toBe(undefined);
});

it('the same within a second is an echo, later it is news', () => {
  const echoes = new Echoes();
  expect([0, 900, 1_950].map((at) => echoes.isEcho('n2 is down', at))).toEqual([false, true, false]);
});
