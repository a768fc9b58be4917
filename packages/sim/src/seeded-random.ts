/** Chance that a seed repeats: sfc32 by Chris Doty-Humphrey (PractRand), 128 bits of state. */
import { hash32, type Random } from '@jaegis/core';

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
/** Rounds after which the words of the state no longer resemble the seed. */
const warmUpRounds = 15;

export class SeededRandom implements Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number | string) {
    this.#seed = String(seed);
    this.#a = hash32(`${this.#seed}:a`);
    this.#b = hash32(`${this.#seed}:b`);
    this.#c = hash32(`${this.#seed}:c`);
    for (let round = 0; round < warmUpRounds; round++) this.#word();
  }

  next(): number {
    return ((this.#word() >>> 5) * 2 ** 26 + (this.#word() >>> 6)) / 2 ** 53;
  }

  id(): string {
    return Array.from({ length: 16 }, () => alphabet.charAt(Math.floor(this.next() * alphabet.length))).join('');
  }

  /** Another one for one purpose: how often the others are asked does not change what it gives. */
  fork(purpose: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${purpose}`);
  }

  #word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
