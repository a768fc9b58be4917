import { expect, test } from 'vitest';
import { SeededRandom } from './seeded-random.ts';
import { subjectMatches } from './subject.ts';
import { SubjectTree } from './subject-tree.ts';

const random = new SeededRandom('subjects');
const token = (wild: boolean) => {
  const tokens = wild ? ['a', 'b', 'c', '*'] : ['a', 'b', 'c'];
  return tokens[Math.floor(random.next() * tokens.length)] ?? 'a';
};
const subject = (wild: boolean) => {
  const tokens = Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => token(wild));
  return wild && random.next() < 0.2 ? [...tokens, '>'].join('.') : tokens.join('.');
};

test('who listens is who would by the rule of one filter, also after some have gone', () => {
  const tree = new SubjectTree<string>();
  const filters = [...new Set(Array.from({ length: 200 }, () => subject(true)))];
  for (const filter of filters) tree.add(filter, filter);
  const gone = filters.filter((_, index) => index % 3 === 0);
  for (const filter of gone) tree.remove(filter, filter);
  const left = filters.filter((filter) => !gone.includes(filter));
  for (let time = 0; time < 200; time++) {
    const name = subject(false);
    expect(tree.match(name).sort()).toEqual(left.filter((filter) => subjectMatches(filter, name)).sort());
  }
});
