/** Every bound that has a default, with its unit. No queue, window or history of JAEGIS is without one. */
export const limits = {
  /** Messages waiting in one actor's mailbox. */
  mailbox: 10_000,
  /** Outgoing durable messages of one entity that are not yet acknowledged by their receivers. */
  outbox: 1_000,
  /** Of the outgoing durable messages that wait so, in bytes; a single one may be larger. */
  outboxBytes: 256 * 1024,
  /** Idempotency keys, with their replies, that an active entity remembers; after a move, those of the turns kept. */
  idempotencyKeys: 1_024,
  /** The same of asks without a key, while they may be repeated by themselves. */
  recentAsks: 8_192,
  /** How long one of them may be, in ms, where that is not known. */
  recentAskMs: 60_000,
  /** Ids of `send`s that an active entity remembers. */
  recentSends: 8_192,
  /** How long, in ms: as long as servers tell those that are repeated from others. */
  recentSendMs: 2 * 60_000,
  /** Answers that a turn takes along which replaces the history: of the last keys, and of the last asks without. */
  carriedAnswers: 128,
  /** Of each of the two, in bytes. */
  carriedAnswerBytes: 16 * 1024,
  /** Asks and sends of the kept turns that a record has the marks of, of a byte and a half each; with more it has none. */
  pastAsks: 96,
  /** Messages of an entity that share a turn, or wait for the next one. */
  turnMessages: 1_024,
  /** Replies and outgoing messages that share a turn, in bytes: with so many no further message is added. */
  turnBytes: 256 * 1024,
  /** Messages of one entity's inbox that are handed over before the first of them is consumed. */
  inboxWindow: 64,
  /** Their bytes; one message is handed over whatever its size. */
  inboxWindowBytes: 64 * 1024 * 1024,
  /** Messages that one node sends to the inbox of one entity and that are not known to be kept yet. */
  sendsWaiting: 10_000,
  /** Bytes of all such messages of a node. */
  sendBytesWaiting: 64 * 1024 * 1024,
  /** Bytes of inboxes on their way to a node that has not looked at them yet; four of the largest messages if that is more. */
  inboxFeedBytes: 8 * 1024 * 1024,
  /** Timers of one entity. */
  timers: 256,
  /** Durable senders whose last number an entity remembers; those it heard of longest ago are forgotten. */
  durableSenders: 4_096,
  /** Crashes on one durable message before it is dead-lettered. */
  deliveryAttempts: 5,
  /** Dead letters kept in an entity's record. */
  deadLetters: 16,
  /** Of one of them, in bytes; what is larger is kept without its payload. */
  deadLetterBytes: 8 * 1024,
  /** Entities whose records a node reads at once; the others wait for their turn. */
  loads: 64,
  /** How long an entity that has moved waits for the node that had it to let go of it, in ms. */
  handoverMs: 15_000,
  /** How long an entity that moves stays for asks that it has handled and means to answer later, in ms. */
  owedMs: 1_000,
  /** How long a node that is told to stop may take to hand over what it has, in ms. */
  drainMs: 10_000,
  /** Restarts within `restartPeriodMs` that the root of a node allows before it gives up. */
  restartIntensity: 3,
  /** The same of a declared supervisor, as in OTP. */
  supervisorIntensity: 1,
  restartPeriodMs: 5_000,
  /** Without a message for so long, in ms, a durable entity leaves memory. Actors do so only where they are told to. */
  passivateMs: 120_000,
  /** How long an actor may take to start before its start is given up, in ms. */
  startTimeoutMs: 10_000,
  /** How long an actor may take to stop before it is abandoned, in ms. */
  shutdownMs: 5_000,
  /** How long an ask waits for its reply, in ms. */
  askTimeoutMs: 5_000,
  /** How long an async handler may take before that counts as a crash, in ms. */
  handlerTimeoutMs: 60_000,
  /** Messages and modes that the flight recorder of an actor keeps. */
  flightRecorder: 16,
  /** Messages of one node that nobody handled and that are kept to be looked at. */
  deadMessages: 1_000,
  /** Actors of one node whose last crash is kept to be looked at. */
  crashReports: 100,
  /** What has happened to one node and what it saw of others, as incidents; repeated ones are counted. */
  incidents: 500,
  /** Asks of one node that wait for replies from other nodes. */
  pendingAsks: 100_000,
  /** Records kept per entity, the newest of which holds its state. */
  turnHistory: 64,
  /** Published bytes that the server has not confirmed, and those that wait for a lost connection to come back. */
  sendBufferBytes: 32 * 1024 * 1024,
  /** The part of it that data may not fill, so that beats and acknowledgements leave when data does not; a 16th if less. */
  controlBytes: 1024 * 1024,
  /** Data that leaves before the server confirms what left before it, in bytes; half of the buffer if less. */
  sendAheadBytes: 4 * 1024 * 1024,
  /** Bytes on their way from one node to another that it has not acknowledged. */
  wireWindowBytes: 1024 * 1024,
  /** Bytes on their way to one node from all others: of messages, and as much of replies. A window is a share of it. */
  wireInboundBytes: 24 * 1024 * 1024,
  /** Bytes that the server holds for a node to read at which it is warned; nats-server cuts it off at 64 MB by default. */
  slowReadBytes: 16 * 1024 * 1024,
  /** Signals between processes that come from nodes which are not in this node's view yet. */
  earlySignals: 10_000,
  /** Asks to entities that wait on a node until it knows again whether it owns them; others are sent back. */
  doubtfulAsks: 10_000,
  /** Bytes that wait for another node because it does not keep up; more is refused to its sender. */
  wireWaitingBytes: 8 * 1024 * 1024,
  /** Of one message between nodes, which goes through the object store when it is larger than the server takes. */
  largeBytes: 64 * 1024 * 1024,
  /** Of all messages of a node that are on their way into the object store. */
  largeBytesUnderWay: 256 * 1024 * 1024,
  /** Large messages and replies that a node fetches from there at once; the others wait there. */
  largeFetches: 4,
  /** How long a large message that nobody fetches stays there, in ms. */
  largeKeptMs: 10 * 60_000,
  /** How long the body of a large durable message may wait there for the message that names it, in ms. */
  largeUnnamedMs: 60 * 60_000,
  /** Reads of one node that JetStream is to answer at once; nats-server drops all that wait when it has 10,000 of them. */
  storageReads: 256,
  /** Records that are read with one request. */
  recordBatch: 256,
  /** Their bytes; one record comes whatever its size. */
  recordBatchBytes: 4 * 1024 * 1024,
  /** How long JetStream may take to answer, in ms; then a write is of unknown outcome. */
  storageTimeoutMs: 2_000,
  /** How often asks that wait across nodes are looked at for deadlocks, in ms; the first time at the second look. */
  waitProbeMs: 50,
  /** Waiting asks on the way of one probe; a longer cycle across nodes is left to the time limits of its asks. */
  waitPath: 256,
  /** Asks across nodes that a node looks at for deadlocks, and steps of probes that it remembers to send once. */
  waitProbes: 100_000,
  /** Entries of the health log that one snapshot replaces. */
  healthEntries: 64,
  /** Entries that are kept if no snapshot could be written meanwhile. */
  healthHistory: 4_096,
  /** Lives that are over and that the health table still tells about. */
  departedLives: 64,
  /** What so many nodes ask for at once is one entry of the health log; a join takes some hundred bytes of it. */
  healthChanges: 500,
  /** Changes that wait for the leader to write them. */
  healthRequests: 1_000,
  /** Questions about health that a node waits for answers to. */
  healthQuestions: 1_000,
  /** Observations that are kept with one change of health as its evidence. */
  evidence: 8,
  /** Messages handled in a row by one actor before others and the event loop get their turn. */
  batch: 128,
} as const;
