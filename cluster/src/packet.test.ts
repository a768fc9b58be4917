import { CorruptRecordError } from '@jaegis/core';
import { expect, test } from 'vitest';
import { frames, numberOf, PacketWriter, packets, readPacket, sessionOf, whatIs, withdraw } from './packet.ts';

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
  const packet = writer.take(packets.data, 1, 1);
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
  const first = writer.take(packets.data, 1, 1);
  expect(writer.isEmpty).toBe(true);
  writer.add(frames.tellActor, 0, bytes(2));
  expect(framesOf(first)).toEqual([[frames.tellActor, 0, [1]]]);
  expect(framesOf(writer.take(packets.data, 1, 1))).toEqual([[frames.tellActor, 0, [2]]]);
});

test('the header says what the packet is, its session and its number, also above 32 bits', () => {
  const packet = new PacketWriter().take(packets.control, 2 ** 32 - 1, 2 ** 40 + 3);
  expect([whatIs(packet), sessionOf(packet), numberOf(packet)]).toEqual([packets.control, 2 ** 32 - 1, 2 ** 40 + 3]);
  expect(framesOf(packet)).toEqual([]);
});

test('packets of one writer do not change each other, however many there are', () => {
  const writer = new PacketWriter();
  const taken = Array.from({ length: 300 }, (_, n) => {
    writer.add(frames.tellActor, 0, new Uint8Array(n * 10).fill(n));
    return writer.take(packets.data, 1, n);
  });
  for (const [n, packet] of taken.entries()) {
    expect(numberOf(packet)).toBe(n);
    expect(framesOf(packet)).toEqual([[frames.tellActor, 0, new Array(n * 10).fill(n % 256)]]);
  }
});

test('an ask that is withdrawn is not in its packet, and the rest of it is', () => {
  const writer = new PacketWriter();
  writer.add(frames.tellActor, 0, bytes(1));
  writer.add(frames.askActor, 7, bytes(2));
  writer.add(frames.askEntity, 8, bytes(3));
  writer.withdraw(8);
  const packet = writer.take(packets.data, 1, 1);
  expect(framesOf(packet)).toEqual([
    [frames.tellActor, 0, [1]],
    [frames.askActor, 7, [2]],
  ]);
  withdraw(packet, 7);
  expect(framesOf(packet)).toEqual([[frames.tellActor, 0, [1]]]);
});

test('a packet that lies in a larger buffer is read from there', () => {
  const writer = new PacketWriter();
  writer.add(frames.reply, 1, bytes(9));
  const packet = writer.take(packets.data, 1, 1);
  const chunk = new Uint8Array(packet.length + 10);
  chunk.set(packet, 5);
  expect(framesOf(chunk.subarray(5, 5 + packet.length))).toEqual([[frames.reply, 1, [9]]]);
});

test('bytes of another form are refused, and so is a frame that was cut', () => {
  const writer = new PacketWriter();
  writer.add(frames.reply, 1, bytes(1, 2, 3));
  writer.add(frames.reply, 2, bytes(4, 5, 6));
  const packet = writer.take(packets.data, 1, 1);
  for (const wrong of [
    bytes(),
    bytes(0x4a),
    bytes(0x4a, 1, ...Array(20).fill(0)),
    new TextEncoder().encode('{"to":1}'),
  ]) {
    expect(() => framesOf(wrong)).toThrow(CorruptRecordError);
  }
  for (const length of [packet.length - 1, packet.length - 5]) {
    const found: number[] = [];
    expect(() => readPacket(packet.subarray(0, length), (_, ask) => found.push(ask))).toThrow('ends within a frame');
    expect(found).toEqual([1]);
  }
});
