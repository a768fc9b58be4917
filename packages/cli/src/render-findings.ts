import type { Finding, Level } from 'jaegis';
import colors from 'picocolors';

const marks: Readonly<Record<Level, string>> = {
  ok: colors.green('ok  '),
  warn: colors.yellow('warn'),
  fail: colors.red('fail'),
  unknown: colors.dim('?   '),
};

/** A line for each finding; below those that are not ok, what it means and what to do. */
export function renderFindings(cluster: string, findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ level, about, found, means, mend }) => [
    `${marks[level]}  ${colors.bold(about)}  ${found}`,
    ...(means === undefined ? [] : [`      ${colors.dim('means')} ${means}.`]),
    ...(mend === undefined ? [] : [`      ${colors.dim('mend ')} ${mend.replace(/\.$/, '')}.`]),
  ]);
  const number = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [bad, doubtful] = [number('fail'), number('warn')];
  const sum = bad + doubtful === 0 ? 'all is well' : `${bad} to be mended at once, ${doubtful} soon`;
  return [...lines, '', `cluster ${cluster}: ${sum}`].join('\n');
}
