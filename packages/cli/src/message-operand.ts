import { type AnyMessage, InvalidConfigError } from 'jaegis';

/** A message as it is typed: a JSON object with a type, or a type alone. @throws InvalidConfigError that says what is wrong */
export function messageFrom(text: string): AnyMessage {
  const trimmed = text.trim();
  if (/^[A-Za-z_][\w.-]*$/.test(trimmed)) return { type: trimmed };
  const value = parsed(trimmed);
  if (typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string') {
    return value as AnyMessage; // it has a type
  }
  throw unusable('it has no "type"');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unusable(error instanceof Error ? error.message : String(error));
  }
}

function unusable(why: string): Error {
  return new InvalidConfigError(
    `The message cannot be used: ${why}. Write it as '{"type": "add", "by": 1}', or as add.`,
    {
      data: { path: 'message' },
    },
  );
}
