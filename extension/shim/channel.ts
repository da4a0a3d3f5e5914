import { WIRE_VERSION, type Answer, type Envelope, type PageEvent, type PageReply, type ToPage } from './protocol';
import { failureOf } from './refusal';

/** An envelope and, beside it, the bytes that its body speaks of. */
export interface Message<B> extends Envelope<B> {
  blobs: Blob[];
}

/** What a request is answered with: the reply and the blobs that go along. */
export type Reply = readonly [reply: PageReply, ...blobs: Blob[]];

/** Does what the overlay asks. */
export type Handler = (call: ToPage, blobs: Blob[]) => Promise<Reply>;

/** The way to the overlay, whatever carries it: a `MessagePort` into the frame in the page, or a `runtime.Port`. */
export type Post = (message: Message<Answer<PageReply> | PageEvent>) => void;

/** An envelope around a body. */
export const sealed = <B>(body: B, blobs: Blob[] = []): Message<B> => ({ v: WIRE_VERSION, body, blobs });

/**
 * Answers what came in. Every request gets exactly one answer, also one that throws; anything that is not a
 * request of ours is dropped, for there is nobody to answer.
 */
export async function answer(data: unknown, handle: Handler, post: Post): Promise<void> {
  const { v, id, body, blobs = [] } = (data ?? {}) as Partial<Message<ToPage>>;
  if (!id || !body) return;
  let out: Message<Answer<PageReply>>;
  try {
    if (v !== WIRE_VERSION) throw `version ${v}`;
    const [ok, ...rest] = await handle(body, blobs);
    out = sealed({ ok }, rest);
  } catch (error) {
    out = sealed({ err: failureOf(error) });
  }
  post({ ...out, re: id });
}
