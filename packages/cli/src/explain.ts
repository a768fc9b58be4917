import { JaegisError } from 'jaegis';

/** An error as a person reads it: what happened, what it means, what to do. */
export function explain(error: unknown): string {
  if (error instanceof JaegisError) return `jaegis: ${error.message}\n  ${error.meaning}\n  ${error.remedy}\n`;
  return `jaegis: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}
