import { invariant } from '../invariant.ts';

const SUBJECT = /^[^\s.*>]+(\.[^\s.*>]+)*$/;

export const subjectRule = 'a subject is tokens joined by dots, without blanks, * and >';

export function isSubject(text: string): boolean {
  return SUBJECT.test(text);
}

/**
 * Asserts that one can publish or append to this: tokens joined by dots, without blanks and wildcards. What users name
 * gets into subjects as tokens that were checked or encoded before, so anything else is a fault of ours.
 */
export function assertSubject(subject: string): void {
  invariant(isSubject(subject), `${JSON.stringify(subject)} is none: ${subjectRule}.`);
}
