/**
 * Checks the payload of messages against the schemas of a definition, where they come from outside the process or, by
 * choice, always. What does not fit never reaches the actor; its sender is told where the bad value is.
 */
import { InvalidDefinitionError, InvalidMessageError, type JaegisError } from '@jaegis/core';
import type { Message } from './protocol.ts';
import type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.ts';

/** By message type; what it describes are the fields of the message without `type`. */
export type Schemas = Readonly<Record<string, StandardSchema>>;

/**
 * The message with its fields as the schema of its type gives them: checked, with defaults and conversions. A message
 * of a type that has no schema comes back as it is. A promise only where the schema is asynchronous.
 *
 * @param actor The type of the actor, for the error.
 * @throws InvalidMessageError, or rejects with it: `data.path` says where, `data.issues` all that is wrong.
 * @throws InvalidDefinitionError when the schema makes something of the fields that is no object.
 */
export function checkPayload(actor: string, schemas: Schemas, message: Message): Message | Promise<Message> {
  if (!Object.hasOwn(schemas, message.type)) return message;
  const schema = schemas[message.type];
  if (schema === undefined) return message;
  const { type, ...fields } = message;
  const fails = (error: unknown): never => {
    throw cannotCheck(actor, type, error);
  };
  const accept = (result: SchemaResult<unknown>) => accepted(actor, type, result);
  let result: SchemaResult<unknown> | Promise<SchemaResult<unknown>>;
  try {
    result = schema['~standard'].validate(fields);
  } catch (error) {
    return fails(error);
  }
  return isPromise(result) ? result.then(accept, fails) : accept(result);
}

function isPromise<T extends object>(value: T | Promise<T>): value is Promise<T> {
  return 'then' in value && typeof value.then === 'function';
}

function accepted(actor: string, type: string, result: SchemaResult<unknown>): Message {
  if (result.issues !== undefined && result.issues.length > 0) throw invalid(actor, type, result.issues);
  const fields = 'value' in result ? result.value : undefined;
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return { ...fields, type };
  throw new InvalidDefinitionError(
    `Actor "${actor}": schema.${type} must give an object, the fields of the message; it gave ${kindOf(fields)}.`,
    { data: { path: `.schema${step(type)}` } },
  );
}

function invalid(actor: string, type: string, found: readonly SchemaIssue[]): JaegisError {
  const issues = found.map(({ path = [], message }) => ({ path: pathOf(path), message }));
  const [first] = issues;
  const path = first?.path ?? '';
  return new InvalidMessageError(
    `Actor "${actor}" takes no such "${type}": ${path === '' ? 'the message' : path}: ${first?.message}.`,
    { data: { path, type, issues } },
  );
}

function cannotCheck(actor: string, type: string, cause: unknown): JaegisError {
  return new InvalidMessageError(`Actor "${actor}": the schema of "${type}" failed on the message: ${textOf(cause)}.`, {
    data: { path: '', type, issues: [] },
    cause,
  });
}

/** As one would write it in JavaScript: `.address.street`, `.items[0]`, `["first name"]`. */
function pathOf(path: NonNullable<SchemaIssue['path']>): string {
  return path.map((part) => step(typeof part === 'object' ? part.key : part)).join('');
}

function step(key: PropertyKey): string {
  if (typeof key === 'symbol') return `[${String(key)}]`;
  const text = String(key);
  if (typeof key === 'number' || /^\d+$/.test(text)) return `[${text}]`;
  return /^[A-Za-z_$][\w$]*$/.test(text) ? `.${text}` : `[${JSON.stringify(text)}]`;
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'it threw what is no Error';
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return value === null ? 'null' : typeof value;
}
