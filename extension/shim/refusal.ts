import type { Failure } from './protocol';

/** Throws a failure, which the answer to the overlay's request will carry. */
export function refuse(failure: Failure): never {
  throw failure;
}

/** Fails because this step of the ladder could not read the picture; the overlay tries the next step. */
export const unreadable = (cause: unknown): never => refuse({ failure: 'unreadable', detail: String(cause) });

/** Fails because a result cannot be shown in the place of this picture. */
export const notReplaceable = (): never => refuse({ failure: 'not-replaceable' });

/** The failure that the overlay gets for anything that was thrown. */
export const failureOf = (error: unknown): Failure =>
  (error as Partial<Failure> | undefined)?.failure ? (error as Failure) : { failure: 'internal', detail: String(error) };
