import { JaegisError } from 'jaegis';

/** An error as a person reads it: what happened, what it means, what to do. */
export function explain(error: unknown): string {
  if (error instanceof JaegisError) return `jaegis: ${error.message}\n  ${error.meaning}\n  ${error.remedy}\n`;
  return `jaegis: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}

/** The same for a program: one line of JSON. */
export function explainAsJson(error: unknown): string {
  if (error instanceof JaegisError) {
    const { name, code, message, meaning, remedy, retry, data } = error;
    return `${JSON.stringify({ error: { name, code, message, meaning, remedy, retry, data } })}\n`;
  }
  const [name, message] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
  return `${JSON.stringify({ error: { name, message } })}\n`;
}
