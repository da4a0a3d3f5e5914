import { WIRE_VERSION, type Answer, type Envelope, type PageEvent, type PageReply, type ToPage } from './protocol';
import { failureOf } from './refusal';

/** An envelope with the blobs that belong to its body. */
export interface Message<B> extends Envelope<B> {
  blobs: Blob[];
}

/** The answer to a request: the reply and the blobs that belong to it. */
export type Reply = readonly [reply: PageReply, ...blobs: Blob[]];

/** Handles a request of the overlay; of the editor, where that is what asks. */
export type Handler<C = ToPage, R = PageReply> = (call: C, blobs: Blob[]) => Promise<readonly [reply: R, ...blobs: Blob[]]>;

/** Sends a message to the overlay, through a `MessagePort` to its frame in the page or a `runtime.Port` to its tab. */
export type Post<R = PageReply> = (message: Message<Answer<R> | PageEvent>) => void;

/** An envelope around a body. */
export const sealed = <B>(body: B, blobs: Blob[] = []): Message<B> => ({ v: WIRE_VERSION, body, blobs });

/** Answers a message. Every request gets exactly one answer, an error if its handler throws or its
 * answer cannot be sent. Messages that are no requests of ours are dropped. */
export async function answer<C = ToPage, R = PageReply>(data: unknown, handle: Handler<C, R>, post: Post<R>): Promise<void> {
  const { v, id, body, blobs = [] } = (data ?? {}) as Partial<Message<C>>;
  if (!id || !body) return;
  const reply = (out: Message<Answer<R>>) => post({ ...out, re: id });
  try {
    if (v !== WIRE_VERSION) throw `version ${v}`;
    const [ok, ...rest] = await handle(body, blobs);
    reply(sealed({ ok }, rest));
  } catch (error) {
    // Also where the answer cannot be sent as it is.
    reply(sealed({ err: failureOf(error) }));
  }
}
