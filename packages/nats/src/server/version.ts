/** Versions of nats-server as it prints them, and which of them are new enough. Used by everything that finds one. */

/** What JAEGIS needs: scheduled messages came with this version. */
export const minimumVersion = '2.12.0';

/** The release that is fetched when none is found. */
export const fetchedVersion = '2.15.1';

/** The version in what `nats-server -v` prints; `undefined` when another program printed it. */
export function parseServerVersion(output: string): string | undefined {
  return /^nats-server: v?(\d+\.\d+\.\d+(?:-[\w.]+)?)\s*$/m.exec(output)?.[1];
}

/** Below 0 when `a` is older. A version with a suffix (`2.12.0-RC.1`) comes before the one without. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (const index of [0, 1, 2]) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.suffix === right.suffix) return 0;
  if (left.suffix === '' || right.suffix === '') return left.suffix === '' ? 1 : -1;
  return left.suffix < right.suffix ? -1 : 1;
}

export function isNewEnough(version: string): boolean {
  return compareVersions(version, minimumVersion) >= 0;
}

function parts(version: string): { numbers: number[]; suffix: string } {
  const [numbers = '', ...suffix] = version.split('-');
  return { numbers: numbers.split('.').map(Number), suffix: suffix.join('-') };
}
