import { invariant } from '../invariant.ts';

const SUBJECT = /^[^\s.*>]+(\.[^\s.*>]+)*$/;

/**
 * Asserts that one can publish or append to this: tokens joined by dots, without blanks and wildcards. What users name
 * gets into subjects as tokens that were checked or encoded before, so anything else is a fault of ours.
 */
export function assertSubject(subject: string): void {
  invariant(
    SUBJECT.test(subject),
    `${JSON.stringify(subject)} is no subject: tokens joined by dots, no blank, * or >.`,
  );
}
