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
  {
    case: 'SHsp:recover entities upon restart (remember)',
    kind: 'differs',
    reason:
      'There is no list of remembered entities: what has work under way, messages to send, a message in its inbox or a timer is begun again unasked, and so is a singleton; the others wait for their next message.',
  },
  {
    case: 'SHsp:permanently stop entities which passivate (remember)',
    kind: 'differs',
    reason:
      'An entity that passivated has nothing left to do, and one that has nothing to do is not begun again: so 1 stays asleep, and 13 comes back only where it has work.',
  },
  {
    case: 'SHet:automatically restart a terminating entity if remembering',
    kind: 'differs',
    reason:
      'An entity that ends by itself is begun again by its next message; one that crashes, at once and from its record, and a singleton that crashes too often after five seconds.',
  },
  {
    case: 'SHet:allow terminating entity to passivate if remembering',
    kind: 'differs',
    reason:
      'Passivation is no end: its record stays, and nothing but a message, a timer or work under way begins it again.',
  },
  {
    case: 'SHse:StartEntity while passivating',
    kind: 'does not apply',
    reason:
      'Nothing is started but by a message to it, and that is answered by the activation after the one that passivates.',
  },
  {
    case: 'SHse:StartEntity while waiting for restart',
    kind: 'does not apply',
    reason: 'There is no start without a message, and no backoff between a crash and the next message.',
  },
  {
    case: 'SHrf:recover when shard storing a start event fails (×5)',
    kind: 'does not apply',
    reason: 'Starts are not recorded: the first thing that is written of an entity is its first turn.',
  },
  {
    case: 'SHrf:recover on graceful stop when storing stop fails (×5)',
    kind: 'does not apply',
    reason: 'Stops are not recorded.',
  },
  {
    case: 'SHrf:recover when coordinator storing shard start fails (×5)',
    kind: 'does not apply',
    reason: 'Nobody allocates shards: their owners follow from the view.',
  },
  {
    case: 'SHss:stop shards',
    kind: 'does not apply',
    reason: 'A shard is a number, not an actor that could be stopped; a node that drains stops all that it has.',
  },
  {
    case: 'SHle:not initialize the shard until the lease is acquired',
    kind: 'does not apply',
    reason: 'There are no leases: each turn is written with the expected sequence, which lets one writer through.',
  },
  {
    case: 'SHle:retry if lease acquire returns false / fails',
    kind: 'does not apply',
    reason: 'There are no leases.',
  },
  {
    case: 'SHle:shutdown if lease is lost',
    kind: 'does not apply',
    reason:
      'There are no leases; an activation whose turn was refused because another has written ends, and its askers are told to ask again.',
  },
  {
    case: 'SHls:rebalance (table)',
    kind: 'does not apply',
    reason:
      'Shards are placed by weighted rendezvous hashing over the view and not counted; nothing moves but what a change of the view moves.',
  },
  {
    case: 'SHls:respect absolute / relative limit',
    kind: 'differs',
    reason:
      'The limit is the share that a newcomer has in each step, a quarter of its part, and not a number of shards.',
  },
  {
    case: 'SHls:not rebalance when in progress / rolling update / unreachable / joining member',
    kind: 'differs',
    reason:
      'Nothing is moved for balance alone; a newcomer takes its next step when what came with the last one was looked at.',
  },
  {
    case: 'SHpl:LRU limit',
    kind: 'does not apply',
    reason: 'Entities passivate by time; there is no limit to how many are active.',
  },
  {
    case: 'SBR:StaticQuorum not enough',
    kind: 'does not apply',
    reason: "Nobody counts nodes against a fixed number: who can write to JetStream's quorum goes on (decision 0030).",
  },
  {
    case: 'SBR:StaticQuorum N > 2·size−1',
    kind: 'does not apply',
    reason: "Nobody counts nodes against a fixed number: who can write to JetStream's quorum goes on (decision 0030).",
  },
  {
    case: 'SBR:StaticQuorum joining',
    kind: 'does not apply',
    reason: "Nobody counts nodes against a fixed number: who can write to JetStream's quorum goes on (decision 0030).",
  },
  {
    case: 'SBR:StaticQuorum leaving/exiting',
    kind: 'does not apply',
    reason: "Nobody counts nodes against a fixed number: who can write to JetStream's quorum goes on (decision 0030).",
  },
  {
    case: 'SBR:KeepMajority tie',
    kind: 'differs',
    reason:
      "Of two halves that both reach the storage the one goes on that writes first; of two that do not, the one with JetStream's quorum.",
  },
  {
    case: 'SBR:KeepMajority joining not counted but downed (2)',
    kind: 'does not apply',
    reason:
      'Members are agreed on in one log, so no two sides can hold different ones; there is no joining or exiting that counts otherwise.',
  },
  {
    case: 'SBR:KeepMajority three parts',
    kind: 'differs',
    reason: "A part that has JetStream's quorum goes on, however small it is; the others refuse and join again.",
  },
  {
    case: 'SBR:KeepMajority membership edge 1',
    kind: 'does not apply',
    reason:
      'Members are agreed on in one log, so no two sides can hold different ones; there is no joining or exiting that counts otherwise.',
  },
  {
    case: 'SBR:KeepMajority safe edge',
    kind: 'does not apply',
    reason:
      'Members are agreed on in one log, so no two sides can hold different ones; there is no joining or exiting that counts otherwise.',
  },
  {
    case: 'SBR:KeepMajority leaving/exiting edge',
    kind: 'does not apply',
    reason:
      'Members are agreed on in one log, so no two sides can hold different ones; there is no joining or exiting that counts otherwise.',
  },
  {
    case: 'SBR:KeepMajority indirectly connected (6)',
    kind: 'differs',
    reason:
      'Members that only some do not see stay: a majority of those that are not accused does not agree that they are gone.',
  },
  {
    case: 'SBR:KeepMajority indirect + crashed',
    kind: 'differs',
    reason: 'The one that crashed is taken out, and the two that do not see each other stay.',
  },
  {
    case: 'SBR:KeepMajority indirect + clean partition (6)',
    kind: 'differs',
    reason: 'The side that cannot write refuses as a whole; on the other one those stay that a majority of it sees.',
  },
  {
    case: 'SBR:KeepOldest',
    kind: 'does not apply',
    reason:
      "Age decides nothing: who can write to JetStream's quorum goes on, and a lone survivor too (decision 0030).",
  },
  {
    case: 'SBR:KeepOldest unless alone',
    kind: 'does not apply',
    reason:
      "Age decides nothing: who can write to JetStream's quorum goes on, and a lone survivor too (decision 0030).",
  },
  {
    case: 'SBR:KeepOldest two nodes / one',
    kind: 'does not apply',
    reason:
      "Age decides nothing: who can write to JetStream's quorum goes on, and a lone survivor too (decision 0030).",
  },
  {
    case: 'SBR:KeepOldest joining (2)',
    kind: 'does not apply',
    reason:
      "Age decides nothing: who can write to JetStream's quorum goes on, and a lone survivor too (decision 0030).",
  },
  {
    case: 'SBR:LeaseMajority decisions',
    kind: 'differs',
    reason:
      'The lease is the log: a term, and each change, is written by whoever comes first, and the other is fenced.',
  },
  {
    case: 'SBR:down all when unstable (2)',
    kind: 'does not apply',
    reason:
      'Nobody gives itself up because others come and go: a node that sees no majority and cannot write refuses until it does.',
  },
  {
    case: 'SBRi:integration table',
    kind: 'differs',
    reason: "Not sizes of sides decide, but who can write: five of nine, or four, whichever has JetStream's quorum.",
  },
];
