/** Whether a user may do what its role needs. Pure. */
import type { Trial } from '@jaegis/nats';
import { bad, type Finding, ok } from './finding.ts';
import type { Need, Role } from './role-needs.ts';

export function judgePermissions(
  role: Role,
  needs: readonly Need[],
  refused: ReadonlySet<Trial> | undefined,
): Finding[] {
  const about = `role ${role}`;
  if (refused === undefined) return [];
  const lacking = needs.filter((need) => refused.has(need));
  if (lacking.length === 0) return [ok(about, `all of ${needs.length} things that it needs are permitted`)];
  const subjects = lacking.map(({ does, subject }) => `${does} to ${subject}`);
  const whys = [...new Set(lacking.map(({ why }) => why))];
  const mend = `Permit this user what docs/security.md lists for the role ${role}, or name the role that it has by --role`;
  return [bad('fail', about, `it may not ${subjects.join(', ')}`, `It cannot ${whys.join(', ')}`, mend)];
}
