/** Why something failed, as the end of a sentence on one line. Used for events and for the list of what was tried. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  // What fetch throws says only that it failed; its cause says why.
  if (error.message === 'fetch failed' && error.cause !== undefined) return reasonOf(error.cause);
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ');
  return oneLine(error.message || error.name);
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, '; ');
}
