import { WIRE_VERSION, type Answer, type Envelope, type PageEvent, type PageReply, type ToPage } from './protocol';
import { failureOf } from './refusal';

/** An envelope with the blobs that belong to its body. */
export interface Message<B> extends Envelope<B> {
  blobs: Blob[];
}

/** The answer to a request: the reply and the blobs that belong to it. */
export type Reply = readonly [reply: PageReply, ...blobs: Blob[]];

/** Handles a request of the overlay. */
export type Handler = (call: ToPage, blobs: Blob[]) => Promise<Reply>;

/** Sends a message to the overlay, through a `MessagePort` to its frame in the page or a `runtime.Port` to its tab. */
export type Post = (message: Message<Answer<PageReply> | PageEvent>) => void;

/** An envelope around a body. */
export const sealed = <B>(body: B, blobs: Blob[] = []): Message<B> => ({ v: WIRE_VERSION, body, blobs });

/** Answers a message. Every request gets exactly one answer, an error if its handler throws. Messages that are no requests of ours are dropped. */
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
