/** What a worker's function returns when its output's buffers need no copy. The worker entry looks for it. */
export class Moved<Output> {
  readonly output: Output;
  readonly buffers: readonly ArrayBuffer[];

  constructor(output: Output, buffers: readonly ArrayBuffer[]) {
    this.output = output;
    this.buffers = buffers;
  }
}

/**
 * Hands the memory of these typed arrays, which are part of `output`, to the caller instead of copying it. They are
 * empty in the worker afterwards, so a function moves only what it made for this call.
 */
export function moved<Output>(output: Output, views: readonly ArrayBufferView<ArrayBuffer>[]): Moved<Output> {
  return new Moved(output, [...new Set(views.map((view) => view.buffer))]);
}
