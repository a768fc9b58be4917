/** How a command acts: with what it was given, and with an error explained when it fails. */
import { exitCodeFor } from './exit-code.ts';
import { explain, explainAsJson } from './explain.ts';

type Flags = Record<string, unknown>;

/** For commands without operands. */
export function acting(act: (flags: Flags) => Promise<void>) {
  return async (flags: Flags): Promise<void> => {
    try {
      await act(flags);
    } catch (error) {
      process.stderr.write(flags.json ? explainAsJson(error) : explain(error));
      process.exitCode = exitCodeFor(error);
    }
  };
}

/** For commands with one operand; undefined where it may be left out. */
export function actingOn<Operand extends string | undefined = string>(
  act: (operand: Operand, flags: Flags) => Promise<void>,
) {
  return (operand: Operand, flags: Flags): Promise<void> => acting(() => act(operand, flags))(flags);
}

/** For commands with two. */
export function actingOnBoth(act: (first: string, second: string, flags: Flags) => Promise<void>) {
  return (first: string, second: string, flags: Flags): Promise<void> => acting(() => act(first, second, flags))(flags);
}
