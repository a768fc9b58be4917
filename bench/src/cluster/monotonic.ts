/** The clock that all processes of a machine share, in ms: a time that one says means the same to another. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
