/** The rows that no test shows as they stand, each with the reason why. docs/conformance.md prints them. */
export interface Exception {
  /** As in rows.json. */
  readonly case: string;
  /** `does not apply`: there is nothing here that it could be about. `differs`: by design we do otherwise; a test may show how. */
  readonly kind: 'does not apply' | 'differs';
  /** One sentence or two, for somebody who knows the peer. */
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [
  {
    case: 'PKhier:suspend children while failing',
    kind: 'differs',
    reason:
      'Nobody decides about a failure while others wait: an actor that fails ends with its children, as in OTP. What they are told meanwhile is given back.',
  },
  {
    case: 'PKtyp:support nesting / flatten supervise',
    kind: 'does not apply',
    reason:
      'Supervision does not tell errors apart by their class: what must not end the actor is caught in its handler.',
  },
  {
    case: 'PKtyp:support … restart and backoff strategies (6)',
    kind: 'does not apply',
    reason: 'A child has one strategy for all errors, with a backoff or without.',
  },
  {
    case: 'PKtyp:not catch fatal error',
    kind: 'differs',
    reason:
      'JavaScript has no class of fatal errors: an overflow of the stack can be caught and crashes its actor only; when memory is used up the process ends without a word to anybody.',
  },
  {
    case: 'GS:undef_handle_call/cast/continue',
    kind: 'differs',
    reason:
      'Which messages an actor takes is known from its definition, so others are refused to their sender with `invalid_message`; a wrong client cannot crash a server.',
  },
  {
    case: 'PKdw:once when stopped but not when restarted',
    kind: 'differs',
    reason: 'As in OTP: a monitor watches one incarnation, and a restart ends it.',
  },
  {
    case: 'SIG:xm_sig_order',
    kind: 'differs',
    reason:
      'Signals overtake messages, so that an actor with a full mailbox can be ended: also those sent before the exit signal may stay unhandled. What is sent after it never is handled.',
  },
  {
    case: 'PRC:bad_register',
    kind: 'differs',
    reason:
      'A tell to a name that nobody holds becomes a dead letter, as one to an actor that has stopped: a name may be free just while its holder restarts.',
  },
  {
    case: 'SUP:child_adm (g)',
    kind: 'differs',
    reason: 'A child may be named by its ref everywhere, since a ref is good for as long as the child has its place.',
  },
];
