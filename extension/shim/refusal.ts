import type { Failure } from './protocol';

/** Stops what is being done with a failure that the overlay is told, so that no step need pass it on by hand. */
export function refuse(failure: Failure): never {
  throw failure;
}

/** The step that was tried could not read the picture; the overlay goes on to the next one. */
export const unreadable = (cause: unknown): never => refuse({ failure: 'unreadable', detail: String(cause) });

/** This kind of picture, or this one picture, cannot be written back. */
export const notReplaceable = (): never => refuse({ failure: 'not-replaceable' });

/** What the overlay is told about anything that was thrown. */
export const failureOf = (error: unknown): Failure =>
  (error as Partial<Failure>).failure ? (error as Failure) : { failure: 'internal', detail: String(error) };
