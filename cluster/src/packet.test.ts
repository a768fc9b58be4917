import { CorruptRecordError } from '@jaegis/core';
import { expect, test } from 'vitest';
import { frames, PacketWriter, readPacket } from './packet.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

function framesOf(packet: Uint8Array) {
  const found: [kind: number, ask: number, body: number[]][] = [];
  readPacket(packet, (kind, ask, body) => found.push([kind, ask, [...body]]));
  return found;
}

test('frames come out as they went in, in their order', () => {
  const writer = new PacketWriter();
  writer.add(frames.tellActor, 0, bytes(1, 2));
  writer.add(frames.askEntity, 2 ** 32 - 1, bytes());
  writer.add(frames.reply, 7, new Uint8Array(100_000).fill(3));
  const size = writer.size;
  const packet = writer.take();
  expect(packet.length).toBe(size);
  expect(framesOf(packet)).toEqual([
    [frames.tellActor, 0, [1, 2]],
    [frames.askEntity, 2 ** 32 - 1, []],
    [frames.reply, 7, new Array(100_000).fill(3)],
  ]);
});

test('a packet that was taken does not change with the next one', () => {
  const writer = new PacketWriter();
  writer.add(frames.tellActor, 0, bytes(1));
  const first = writer.take();
  expect(writer.isEmpty).toBe(true);
  writer.add(frames.tellActor, 0, bytes(2));
  expect(framesOf(first)).toEqual([[frames.tellActor, 0, [1]]]);
  expect(framesOf(writer.take())).toEqual([[frames.tellActor, 0, [2]]]);
});

test('a packet that lies in a larger buffer is read from there', () => {
  const writer = new PacketWriter();
  writer.add(frames.reply, 1, bytes(9));
  const packet = writer.take();
  const chunk = new Uint8Array(packet.length + 10);
  chunk.set(packet, 5);
  expect(framesOf(chunk.subarray(5, 5 + packet.length))).toEqual([[frames.reply, 1, [9]]]);
});

test('bytes of another form are refused, and so is a frame that was cut', () => {
  const writer = new PacketWriter();
  writer.add(frames.reply, 1, bytes(1, 2, 3));
  writer.add(frames.reply, 2, bytes(4, 5, 6));
  const packet = writer.take();
  for (const wrong of [bytes(), bytes(0x4a), bytes(0x4a, 2), new TextEncoder().encode('{"to":1}')]) {
    expect(() => framesOf(wrong)).toThrow(CorruptRecordError);
  }
  for (const length of [packet.length - 1, packet.length - 5]) {
    const found: number[] = [];
    expect(() => readPacket(packet.subarray(0, length), (_, ask) => found.push(ask))).toThrow('ends within a frame');
    expect(found).toEqual([1]);
  }
});
