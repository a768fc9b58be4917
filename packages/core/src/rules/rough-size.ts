/**
 * About how many bytes a value takes in a record, without encoding it: what is many times cheaper and right enough for
 * bounds that leave room. Counts no further than `most`, so that it ends for any value, also for one that holds itself.
 *
 * @param isElsewhere Whether a part is not to be counted: there is but a reference to it.
 */
export function roughSize(
  value: unknown,
  most = Number.MAX_SAFE_INTEGER,
  isElsewhere?: (part: object) => boolean,
): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 0;
  const left: unknown[] = [value];
  while (left.length > 0 && size <= most) {
    const next = left.pop();
    if (typeof next === 'string') size += next.length + 2;
    else if (typeof next !== 'object' || next === null) size += 8;
    else size += 8 + (isElsewhere?.(next) ? 0 : own(next, left));
  }
  return size;
}

/** The bytes of an object itself; its parts are pushed to be counted. */
function own(value: object, parts: unknown[]): number {
  if (ArrayBuffer.isView(value)) return Math.ceil((value.byteLength * 4) / 3);
  if (value instanceof ArrayBuffer) return Math.ceil((value.byteLength * 4) / 3);
  if (Array.isArray(value) || value instanceof Set) {
    for (const part of value) parts.push(part);
    return 0;
  }
  if (value instanceof Map) {
    for (const [key, part] of value) parts.push(key, part);
    return 0;
  }
  if (value instanceof Error) return value.message.length + (value.stack?.length ?? 0);
  let names = 0;
  for (const name of Object.keys(value)) {
    names += name.length + 4;
    parts.push(Reflect.get(value, name));
  }
  return names;
}
