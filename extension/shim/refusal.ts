import type { Failure } from './protocol';

/** A failure on its way to the overlay. Thrown, so that a step deep inside need not pass it on by hand. */
export class Refusal extends Error {
  constructor(readonly failure: Failure) {
    super(failure.failure);
  }
}

/** The step that was tried could not read the picture; the overlay goes on to the next one. */
export function unreadable(cause: unknown): Refusal {
  return new Refusal({ failure: 'unreadable', detail: String(cause) });
}

/** This kind of picture, or this one picture, cannot be written back. */
export function notReplaceable(): Refusal {
  return new Refusal({ failure: 'not-replaceable' });
}

/** What the overlay is told about anything that was thrown. */
export function failureOf(error: unknown): Failure {
  return error instanceof Refusal ? error.failure : { failure: 'internal', detail: String(error) };
}
