import type { KeptTurn } from 'jaegis';
import colors from 'picocolors';

/** A turn in one line: its number, when and where it was written, and who sent what. */
export function renderTurn({ turn, timeMs, node, handled, sent, timers, deadLetters }: KeptTurn): string {
  const what = handled.map(({ type, from, count }) => {
    const times = count > 1 ? ` ×${count}` : '';
    return `${type}${times}${from === undefined ? '' : ` from ${from}`}`;
  });
  const more = [
    sent.length > 0 ? `sent ${sent.length}` : '',
    timers.length > 0 ? `timers ${timers.length}` : '',
    deadLetters.length > 0 ? `dead letters ${deadLetters.length}` : '',
  ].filter((part) => part !== '');
  const when = new Date(timeMs).toISOString();
  const end = more.length > 0 ? colors.dim(`  (${more.join(', ')})`) : '';
  return `${colors.bold(`turn ${turn}`)}  ${when}  ${node}  ${what.join(', ') || 'not known'}${end}`;
}
