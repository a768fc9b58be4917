/** What commands print: for people, or as JSON for programs. */
export function line(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function json(value: unknown): void {
  line(JSON.stringify(value, null, 2));
}

/** What is not the result, but good to know for a person who waits. */
export function aside(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Whoever reads has had enough, as `jaegis tree | head` does: no failure. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** Ends the process once all that was printed has left it, with the exit code that is set. */
export function endWhenPrinted(): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
}
