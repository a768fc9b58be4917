/** Actors that run what a test gives them, and keep the signals they get. */
import { type ActorContext, type DownSignal, defineActor, type ExitSignal, type Message } from '@jaegis/actors';

export interface Heard {
  readonly signals: (ExitSignal | DownSignal)[];
  readonly messages: Message[];
}

export const heard = (): Heard => ({ signals: [], messages: [] });

/** Runs `run` with its context and replies what that returns; notes messages and signals. */
export function agent(
  log: Heard,
  options: { readonly trapExits?: boolean; readonly start?: (context: ActorContext) => void } = {},
) {
  const note = (_state: number, signal: ExitSignal | DownSignal) => void log.signals.push(signal);
  return defineActor('agent', {
    trapExits: options.trapExits ?? false,
    state: (_key, context) => {
      options.start?.(context);
      return 0;
    },
    signals: { exit: note, down: note },
    on: {
      run: (_state, message: { run: (context: ActorContext) => unknown }, context) => {
        const reply = message.run(context);
        return reply instanceof Promise ? reply.then((value: unknown) => ({ reply: value })) : { reply };
      },
      note: (_state, message: { text: string }) => void log.messages.push({ ...message, type: 'note' }),
    },
  });
}
