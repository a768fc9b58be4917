/**
 * The one catalogue of errors. Every error that JAEGIS raises is a {@link JaegisError} with a stable `code`. Error
 * classes do not survive a worker thread or the wire, so match on `code` (see {@link hasCode}), not on the class.
 */

/** `never`: the same call fails again. `now`: it may be repeated at once. `later`: after a pause. */
export type Retry = 'never' | 'now' | 'later';

interface ErrorKind {
  readonly retry: Retry;
  /** What it means for the caller. */
  readonly meaning: string;
  /** What to do. */
  readonly remedy: string;
}

const kind = (retry: Retry, meaning: string, remedy: string): ErrorKind => ({ retry, meaning, remedy });

export const errorCatalogue = {
  ask_timeout: kind(
    'later',
    'No reply came in time. The message may have been handled.',
    'Ask a durable entity again with the same idempotency key; for others, check before repeating. Raise timeoutMs if the work takes longer.',
  ),
  operation_timeout: kind(
    'later',
    'The operation took longer than its policy allows. Its signal was aborted; it may have had its effect.',
    'Check before repeating what must not happen twice. Raise the timeout if the work takes longer.',
  ),
  breaker_open: kind(
    'later',
    'The circuit breaker is open, since what it guards fails: the operation was not called.',
    'Try again after data.retryAfterMs, or do without. The event that opened it says why.',
  ),
  rate_limited: kind(
    'later',
    'There were more calls than the limit allows: the operation was not called.',
    'Try again after data.retryAfterMs.',
  ),
  no_such_actor: kind(
    'never',
    'Nobody has this address. The message was not handled.',
    'Check the name, or spawn the actor first.',
  ),
  actor_stopped: kind('never', 'The actor stopped before it handled the message.', 'Look up or spawn the actor again.'),
  actor_killed: kind(
    'later',
    'The actor was ended by an exit signal while it handled the message, or before.',
    'See the reason; its supervisor restarts it if its restart type says so.',
  ),
  actor_crashed: kind(
    'later',
    'The actor failed while it handled this message; its state is as it was before.',
    'See the cause. The actor has been restarted by its supervisor if its restart type says so.',
  ),
  node_down: kind(
    'later',
    'The node that held the actor is gone. The message may have been handled.',
    'Entities are served elsewhere: ask again with the same idempotency key. Other actors must be spawned again.',
  ),
  not_owner: kind(
    'now',
    'The entity lives on another node. The message was not handled.',
    'Refs of JAEGIS follow the owner by themselves; ask again.',
  ),
  no_host: kind(
    'later',
    'No node of the cluster has the labels that the entity or actor needs. The message was not handled.',
    'Start a node with the labels that the error names, or mend the labels of the definition.',
  ),
  fenced: kind(
    'now',
    'Another node has written to this entity since. This activation stopped and its last turn did not take effect.',
    'Ask again; the message goes to the present owner.',
  ),
  overloaded: kind(
    'later',
    'A bounded queue is full. The message was not taken.',
    'Slow down, or raise the limit named in the error.',
  ),
  reply_lost: kind(
    'later',
    'The message was handled, but its reply was given up: too many wait for the node that asked.',
    'Ask a durable entity again with the same idempotency key; for others, check before repeating. Ask for less at a time.',
  ),
  not_serializable: kind(
    'never',
    'The value cannot leave the process. Nothing was sent.',
    'Send plain data: the path in the error says which value to change.',
  ),
  corrupt_record: kind(
    'never',
    'The bytes read are not what was written. They were not used.',
    'Restore the record from its history or a backup.',
  ),
  turn_not_kept: kind(
    'never',
    'There is no record of this turn: it was dropped by the bounds of the history, or has not been written yet.',
    'Ask for a turn from the oldest to the newest that the error names, or raise the history option.',
  ),
  already_exists: kind(
    'never',
    'Something is there already that would be overwritten. Nothing was written.',
    'Choose another place, or say that it is to be replaced where that is offered.',
  ),
  wrong_sequence: kind(
    'now',
    'Somebody else wrote first. Nothing was written.',
    'Read the newest record and decide again.',
  ),
  outcome_unknown: kind(
    'later',
    'The answer to a write was lost. It may have been written.',
    'Read the newest record and look.',
  ),
  transport_unavailable: kind(
    'later',
    'NATS cannot be reached and the send buffer is full. The message was not sent.',
    'Check that the servers run; the connection is retried for ever.',
  ),
  transport_closed: kind('never', 'The connection was closed by this process.', 'Start a new node.'),
  storage_unavailable: kind(
    'later',
    'JetStream cannot be reached or has no leader at the moment. Nothing was written.',
    'Try again after a pause; an election of JetStream takes up to ten seconds.',
  ),
  permission_denied: kind(
    'never',
    'NATS does not let this user publish or subscribe there. Nothing was sent.',
    'Give the user the permissions of its role, which docs/security.md lists, or connect as another one.',
  ),
  jetstream_disabled: kind(
    'never',
    'The NATS server has no JetStream, or not for this account.',
    'Start nats-server with -js, or allow JetStream for the account.',
  ),
  cluster_unavailable: kind(
    'later',
    'This node is no member of the cluster at the moment, or sees no majority of it. The message was not handled, unless it was on its way to another node already.',
    'Try again; the node rejoins by itself.',
  ),
  no_such_cluster: kind(
    'never',
    'No node of a cluster of this name is connected to these servers. Nothing was done.',
    'Check the name against those in the error and the addresses of the servers, or start a node of it first.',
  ),
  answer_too_large: kind(
    'never',
    'What was asked for does not fit into one message of NATS. Nothing of it was sent.',
    'Ask for less at a time: one node, a smaller limit, or a part, as the error says.',
  ),
  cluster_mismatch: kind(
    'never',
    'The cluster was made with other settings. The node did not join.',
    'Start the node with the settings of the cluster, or under another cluster name.',
  ),
  cancelled: kind('never', 'The work was cancelled before it ended.', 'Nothing, if you cancelled it.'),
  invalid_config: kind(
    'never',
    'A setting is not usable. Nothing was started or changed.',
    'Change the setting at the path named in the error.',
  ),
  invalid_message: kind(
    'never',
    'The message is not of a kind that the actor takes. It was not handled.',
    'Change the value at the path named in the error.',
  ),
  invalid_timer: kind(
    'never',
    'The timer cannot be set. Nothing was scheduled.',
    'Change the value at the path named in the error.',
  ),
  invalid_definition: kind(
    'never',
    'The actor cannot be defined so. Nothing was started.',
    'Change the definition as the error says.',
  ),
  name_taken: kind(
    'never',
    'Another actor, or another node of the cluster, has this name. Nothing was started.',
    'Choose another name, or stop the other one first.',
  ),
  intensity_exceeded: kind(
    'never',
    'Children crashed more often than the supervisor allows, so it stopped them and failed.',
    'See the cause; mend it, or raise intensity and periodMs.',
  ),
  no_such_policy: kind(
    'never',
    'No policy of this name is there. Nothing was changed.',
    'Check the name: jaegis policies lists those that there are.',
  ),
  no_such_child: kind('never', 'The supervisor has no child of this id. Nothing was changed.', 'Check the id.'),
  child_running: kind('never', 'The child runs. Nothing was changed.', 'Terminate it first.'),
  child_restarting: kind(
    'later',
    'The child is about to be restarted. Nothing was changed.',
    'Wait, or terminate it, which ends its restarts.',
  ),
  child_present: kind(
    'never',
    'The supervisor has a child of this id already, which does not run. Nothing was started.',
    'Restart it or delete it, or choose another id.',
  ),
  child_started: kind(
    'never',
    'The supervisor has a child of this id already, which runs. Nothing was started.',
    'Use it, or choose another id.',
  ),
  dynamic_supervisor: kind(
    'never',
    'Children of a simple_one_for_one supervisor have no ids. Nothing was changed.',
    'Name the child by its ref; to replace it, terminate it and start another.',
  ),
  start_failed: kind(
    'never',
    'The child did not start, so neither did its supervisor; those started before it were stopped.',
    'See the cause.',
  ),
  start_timeout: kind(
    'later',
    'The start did not finish in time and was given up. Nothing was started.',
    'See why it hangs, or raise startTimeoutMs.',
  ),
  invalid_return: kind(
    'never',
    'A function of the definition returned what it must not.',
    'Return what the error names.',
  ),
  handler_timeout: kind(
    'later',
    'The handler did not settle within its deadline, which counts as a crash.',
    'See why it hangs, or raise handlerTimeoutMs.',
  ),
  death_pact: kind(
    'never',
    'A monitored actor ended and the one that monitored it has no handler for that.',
    'Add signals.down, or do not monitor it.',
  ),
  deadlock: kind(
    'now',
    'Actors waited for each other in a circle; this ask was given up so that the others go on. It may have been handled in part.',
    'Ask in one order everywhere, use tell, or allow reentrant asks on an actor of the circle.',
  ),
  migration_refused: kind(
    'never',
    'The state is of another version than the definition. It is kept as it was; the actor did not start.',
    'Give the definition a migrate function from that version, or start the version that wrote the state.',
  ),
  invariant_broken: kind(
    'never',
    'JAEGIS found itself in a state that must not be. The actor was stopped before it could do harm.',
    'Report it with the message and the log.',
  ),
  server_not_found: kind(
    'never',
    'No usable nats-server was found or could be fetched.',
    'Install nats-server 2.12 or newer, put it on the PATH, or name it with NATS_SERVER.',
  ),
  server_too_old: kind('never', 'The nats-server is too old for JAEGIS.', 'Use nats-server 2.12 or newer.'),
  worker_out_of_memory: kind(
    'never',
    'The task needed more memory than its thread may have. Only this task failed; its thread is replaced.',
    'Give the task less at a time, or raise maxHeapMb of the pool.',
  ),
  worker_exited: kind(
    'later',
    'The thread ended while it did the task. The task may have had its effect; the thread is replaced.',
    'Look for what ends it: a call of process.exit, or an error that nobody caught, in the task or its libraries.',
  ),
  server_failed: kind('later', 'The nats-server did not start, or ended by itself.', 'See its log lines in the error.'),
  connect_failed: kind(
    'later',
    'No NATS server answered at the given addresses.',
    'Start one, or name the right address.',
  ),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorCatalogue;

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Plain data about the case: ids, limits, the path of a bad value. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What happened is the `message`; what it means and what to do come from the catalogue by `code`. */
export class JaegisError extends Error {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.data = options.data ?? {};
  }

  get retry(): Retry {
    return errorCatalogue[this.code].retry;
  }

  get meaning(): string {
    return errorCatalogue[this.code].meaning;
  }

  get remedy(): string {
    return errorCatalogue[this.code].remedy;
  }
}

/** The class of one code. Named, so that the published types do not repeat it for each code. */
export interface JaegisErrorClass {
  new (message: string, options?: ErrorOptions): JaegisError;
  readonly prototype: JaegisError;
}

function errorClass(code: ErrorCode, name: string): JaegisErrorClass {
  const made = class extends JaegisError {
    constructor(message: string, options?: ErrorOptions) {
      super(code, message, options);
      this.name = name;
    }
  };
  Object.defineProperty(made, 'name', { value: name });
  return made;
}

export const AskTimeoutError = errorClass('ask_timeout', 'AskTimeoutError');
export const OperationTimeoutError = errorClass('operation_timeout', 'OperationTimeoutError');
export const BreakerOpenError = errorClass('breaker_open', 'BreakerOpenError');
export const RateLimitedError = errorClass('rate_limited', 'RateLimitedError');
export const NoSuchActorError = errorClass('no_such_actor', 'NoSuchActorError');
export const ActorStoppedError = errorClass('actor_stopped', 'ActorStoppedError');
export const ActorCrashedError = errorClass('actor_crashed', 'ActorCrashedError');
export const NodeDownError = errorClass('node_down', 'NodeDownError');
export const NotOwnerError = errorClass('not_owner', 'NotOwnerError');
export const NoHostError = errorClass('no_host', 'NoHostError');
export const FencedError = errorClass('fenced', 'FencedError');
export const OverloadedError = errorClass('overloaded', 'OverloadedError');
export const ReplyLostError = errorClass('reply_lost', 'ReplyLostError');
export const NotSerializableError = errorClass('not_serializable', 'NotSerializableError');
export const CorruptRecordError = errorClass('corrupt_record', 'CorruptRecordError');
export const TurnNotKeptError = errorClass('turn_not_kept', 'TurnNotKeptError');
export const AlreadyExistsError = errorClass('already_exists', 'AlreadyExistsError');
export const WrongSequenceError = errorClass('wrong_sequence', 'WrongSequenceError');
export const OutcomeUnknownError = errorClass('outcome_unknown', 'OutcomeUnknownError');
export const TransportUnavailableError = errorClass('transport_unavailable', 'TransportUnavailableError');
export const TransportClosedError = errorClass('transport_closed', 'TransportClosedError');
export const StorageUnavailableError = errorClass('storage_unavailable', 'StorageUnavailableError');
export const PermissionDeniedError = errorClass('permission_denied', 'PermissionDeniedError');
export const JetStreamDisabledError = errorClass('jetstream_disabled', 'JetStreamDisabledError');
export const ClusterUnavailableError = errorClass('cluster_unavailable', 'ClusterUnavailableError');
export const NoSuchClusterError = errorClass('no_such_cluster', 'NoSuchClusterError');
export const AnswerTooLargeError = errorClass('answer_too_large', 'AnswerTooLargeError');
export const ClusterMismatchError = errorClass('cluster_mismatch', 'ClusterMismatchError');
export const CancelledError = errorClass('cancelled', 'CancelledError');
export const InvalidConfigError = errorClass('invalid_config', 'InvalidConfigError');
export const InvalidMessageError = errorClass('invalid_message', 'InvalidMessageError');
export const InvalidTimerError = errorClass('invalid_timer', 'InvalidTimerError');
export const InvalidDefinitionError = errorClass('invalid_definition', 'InvalidDefinitionError');
export const NameTakenError = errorClass('name_taken', 'NameTakenError');
export const IntensityExceededError = errorClass('intensity_exceeded', 'IntensityExceededError');
export const ActorKilledError = errorClass('actor_killed', 'ActorKilledError');
export const NoSuchPolicyError = errorClass('no_such_policy', 'NoSuchPolicyError');
export const NoSuchChildError = errorClass('no_such_child', 'NoSuchChildError');
export const ChildRunningError = errorClass('child_running', 'ChildRunningError');
export const ChildRestartingError = errorClass('child_restarting', 'ChildRestartingError');
export const ChildPresentError = errorClass('child_present', 'ChildPresentError');
export const ChildStartedError = errorClass('child_started', 'ChildStartedError');
export const DynamicSupervisorError = errorClass('dynamic_supervisor', 'DynamicSupervisorError');
export const StartFailedError = errorClass('start_failed', 'StartFailedError');
export const StartTimeoutError = errorClass('start_timeout', 'StartTimeoutError');
export const InvalidReturnError = errorClass('invalid_return', 'InvalidReturnError');
export const HandlerTimeoutError = errorClass('handler_timeout', 'HandlerTimeoutError');
export const DeathPactError = errorClass('death_pact', 'DeathPactError');
export const DeadlockError = errorClass('deadlock', 'DeadlockError');
export const MigrationRefusedError = errorClass('migration_refused', 'MigrationRefusedError');
export const InvariantBrokenError = errorClass('invariant_broken', 'InvariantBrokenError');
export const ServerNotFoundError = errorClass('server_not_found', 'ServerNotFoundError');
export const ServerTooOldError = errorClass('server_too_old', 'ServerTooOldError');
export const WorkerOutOfMemoryError = errorClass('worker_out_of_memory', 'WorkerOutOfMemoryError');
export const WorkerExitedError = errorClass('worker_exited', 'WorkerExitedError');
export const ServerFailedError = errorClass('server_failed', 'ServerFailedError');
export const ConnectFailedError = errorClass('connect_failed', 'ConnectFailedError');

/** What the caller itself got wrong: whoever was called, or would have been, works all the same. */
const faultsOfCallers: ReadonlySet<unknown> = new Set<ErrorCode>([
  'no_such_actor',
  'not_serializable',
  'invalid_config',
  'invalid_message',
  'invalid_timer',
  'invalid_definition',
  'permission_denied',
]);

/** Whether the error says that the caller was at fault, also when it has crossed a thread or the wire. Never throws. */
export function isFaultOfCaller(error: unknown): boolean {
  return typeof error === 'object' && error !== null && faultsOfCallers.has(field(error, 'code'));
}

/** Whether this is an error of ours with that code, also when it has crossed a thread or the wire. Never throws. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return typeof error === 'object' && error !== null && field(error, 'code') === code;
}

/** An error as plain data, for the wire, records and inspection. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly stack?: string;
  readonly cause?: ErrorData;
}

/**
 * At most `depth` causes are kept; a cause that is no Error becomes one with its text as message. Never throws: what
 * an actor threw may be a proxy, or have getters that throw.
 */
export function errorToData(error: unknown, depth = 4): ErrorData {
  if (!isError(error)) return { name: 'Error', message: describe(error) };
  const [name, message, code, stack] = [
    text(error, 'name'),
    text(error, 'message'),
    text(error, 'code'),
    text(error, 'stack'),
  ];
  const cause = field(error, 'cause');
  return {
    name: name ?? 'Error',
    message: message ?? describe(field(error, 'message')),
    ...(code === undefined ? {} : { code }),
    ...(error instanceof JaegisError ? { data: error.data } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined || depth === 0 ? {} : { cause: errorToData(cause, depth - 1) }),
  };
}

/** What went wrong, as a text. Never throws, as {@link errorToData}, and costs less: the stack is not written out. */
export function errorMessage(error: unknown): string {
  if (!isError(error)) return describe(error);
  return text(error, 'message') ?? describe(field(error, 'message'));
}

/** The inverse of {@link errorToData}: a JaegisError where the code is ours, else an Error with name and code set. */
export function errorFromData(data: ErrorData): Error {
  const cause = data.cause === undefined ? undefined : errorFromData(data.cause);
  const error = isErrorCode(data.code)
    ? new JaegisError(data.code, data.message, { cause, ...(data.data ? { data: data.data } : {}) })
    : Object.assign(new Error(data.message, { cause }), data.code === undefined ? {} : { code: data.code });
  error.name = data.name;
  if (data.stack !== undefined) error.stack = data.stack;
  return error;
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorCatalogue, code);
}

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

/** A property of whatever it is; undefined also where reading it throws. */
function field(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}

function text(value: object, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' ? found : undefined;
}

function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'a value that cannot be shown';
  }
}
