/** What is typed after a command, as far as it can be told from its form alone: before anything is dialled. */
import { InvalidConfigError, isToken, tokenRule } from 'jaegis';

/** Of an actor or an entity. Whether it is there, and which of both it is, is for the cluster to say. @throws InvalidConfigError */
export function addressOperand(text: string): string {
  const slash = text.indexOf('/');
  if (slash > 0 && slash < text.length - 1) return text;
  const expected = 'expected "type/key" of an entity or "node/user/name" of an actor';
  throw new InvalidConfigError(`${JSON.stringify(text)} is no address: ${expected}.`, { data: { path: 'address' } });
}

/** @throws InvalidConfigError */
export function nodeOperand(text: string): string {
  if (isToken(text)) return text;
  throw new InvalidConfigError(`${JSON.stringify(text)} is no name of a node: ${tokenRule}`, {
    data: { path: 'node' },
  });
}

/** Of the option `--node`, which may be left out. @throws InvalidConfigError */
export function nodeIfAny(given: unknown): string | undefined {
  return given === undefined ? undefined : nodeOperand(String(given));
}
