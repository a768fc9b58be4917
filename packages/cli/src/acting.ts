/** How a command acts: with what it was given, and with an error explained when it fails. */
import { explain } from './explain.ts';

type Flags = Record<string, unknown>;

/** For commands without operands. */
export function acting(act: (flags: Flags) => Promise<void>) {
  return async (flags: Flags): Promise<void> => {
    try {
      await act(flags);
    } catch (error) {
      process.stderr.write(explain(error));
      process.exitCode = 1;
    }
  };
}

/** For commands with one operand. */
export function actingOn(act: (operand: string, flags: Flags) => Promise<void>) {
  return (operand: string, flags: Flags): Promise<void> => acting(() => act(operand, flags))(flags);
}
