import { type EntityLetters, isLostTurn, type NodeLetter } from 'jaegis';
import colors from 'picocolors';
import { clockTime } from './words.ts';

/** What one entity has put aside, a line each: what it was, and why. */
export function renderLetters({ entity, deadLetters, unreadable }: EntityLetters): string[] {
  const name = colors.bold(entity);
  const lines = deadLetters.map((letter) => {
    const { id, error } = letter;
    const what = isLostTurn(letter)
      ? `${colors.red('lost')} ${id}`
      : `${colors.yellow('given up')} ${id} ${typeOf(letter.message)}`;
    return `${name}  ${what}  ${why(error)}`;
  });
  return unreadable === undefined ? lines : [...lines, `${name}  ${colors.red('cannot be read')}  ${why(unreadable)}`];
}

/** What one node could not deliver: which one, to whom, and why not. */
export function renderNodeLetter(
  { node, id, to, type, message, reason, at, error }: NodeLetter,
  nowMs: number,
): string {
  const what = message === undefined ? type : `${type} ${colors.dim(JSON.stringify(message))}`;
  const because = error === undefined ? '' : `: ${error.message}`;
  const place = `${colors.bold(`${node}/${id}`)}  ${colors.dim(clockTime(at, nowMs))}`;
  return `${place}  ${what}  to ${to}  ${colors.yellow(reason)}${because}`;
}

function why({
  code,
  name,
  message,
}: {
  readonly code?: string;
  readonly name: string;
  readonly message: string;
}): string {
  return `${code ?? name}: ${message}`;
}

function typeOf(message: unknown): string {
  return typeof message === 'object' && message !== null && 'type' in message ? String(message.type) : '';
}
