import { type EntityLetters, isLostTurn } from 'jaegis';
import colors from 'picocolors';

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
