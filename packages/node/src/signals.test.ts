import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { onSignals } from './signals.ts';

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

function listening() {
  const source = new FakeProcess();
  const stops: string[] = [];
  const unsubscribe = onSignals({ stop: (signal) => stops.push(signal) }, source);
  const send = (signal: string) => source.emit(signal, signal);
  return { source, stops, unsubscribe, send };
}

test.each(['SIGINT', 'SIGTERM'])('the first %s asks to stop and does not exit', (signal) => {
  const { source, stops, send } = listening();
  send(signal);
  expect({ stops, exits: source.exits }).toEqual({ stops: [signal], exits: [] });
});

test.each([
  ['SIGINT', 'SIGINT', 130],
  ['SIGTERM', 'SIGINT', 130],
  ['SIGINT', 'SIGTERM', 143],
])('after %s a %s exits with %d', (first, second, code) => {
  const { source, stops, send } = listening();
  send(first);
  send(second);
  expect({ stops, exits: source.exits }).toEqual({ stops: [first], exits: [code] });
});

test('who has stopped listening hears nothing and leaves no listener', () => {
  const { source, stops, unsubscribe, send } = listening();
  unsubscribe();
  send('SIGINT');
  expect({ stops, left: source.eventNames() }).toEqual({ stops: [], left: [] });
});
