/** The other process of a pair: `responder-main.ts MODULE`. It ends when its input does, so it outlives nobody. */
interface Responder {
  /** Answers from now on. */
  respond(): Promise<unknown>;
}

const { respond }: Responder = await import(process.argv[2] ?? '');
await respond();
process.stdin.on('end', () => process.exit()).resume();
process.stdout.write('ready\n');
