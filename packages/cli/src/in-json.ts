/** What JSON has no word for, in one that can be read. For `JSON.stringify`. */
export function inJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`;
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  return value;
}
