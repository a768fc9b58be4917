import { expect, test } from 'vitest';
import { fileInTar } from './tar.ts';

function entry(path: string, content: string, kind = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write(kind, 156);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([header, body]);
}

const end = Buffer.alloc(1024);

test('the file is found behind others, with its exact bytes', () => {
  const archive = Buffer.concat([entry('x/README', 'r'.repeat(700)), entry('x/nats-server', 'program'), end]);
  expect(fileInTar(archive, 'nats-server')?.toString()).toBe('program');
});

test('folders, links and longer names are not the file', () => {
  const others = [entry('x/nats-server', '', '5'), entry('y/nats-server', '', '2'), entry('x/not-nats-server', 'no')];
  expect(fileInTar(Buffer.concat([...others, end]), 'nats-server')).toBeUndefined();
});

test('an archive that is cut off is refused', () => {
  const archive = entry('x/nats-server', 'p'.repeat(600));
  expect(() => fileInTar(archive.subarray(0, 1000), 'nats-server')).toThrow('cut off');
});
