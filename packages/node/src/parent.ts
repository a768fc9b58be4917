import { fstatSync } from 'node:fs';

/**
 * Calls back once when the process that started this one is gone: its IPC channel closed or, without one, its end of
 * the pipe on our standard input. Closing that pipe is the same thing to us, so a parent keeps it open and writes
 * nothing to it. Without channel and pipe (a terminal, a file) nothing is watched. Watching does not keep the process
 * alive. Returns how to stop watching.
 */
export function onParentGone(callback: () => void): () => void {
  let done = false;
  const once = (): void => {
    if (done) return;
    done = true;
    callback();
  };
  const stopWatching = process.send !== undefined ? watchChannel(once) : watchStdin(once);
  return () => {
    done = true;
    stopWatching();
  };
}

function watchChannel(gone: () => void): () => void {
  if (process.connected) process.once('disconnect', gone);
  else queueMicrotask(gone);
  return () => process.off('disconnect', gone);
}

function watchStdin(gone: () => void): () => void {
  if (!stdinIsPipe()) return () => {};
  const { stdin } = process;
  const events = ['end', 'close', 'error'];
  for (const event of events) stdin.on(event, gone);
  stdin.resume();
  // A pipe is a net.Socket, which has it; the type of stdin does not say so.
  if ('unref' in stdin) stdin.unref();
  return () => {
    for (const event of events) stdin.off(event, gone);
    stdin.pause();
  };
}

function stdinIsPipe(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}
