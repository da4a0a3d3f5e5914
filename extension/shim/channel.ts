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

/**
 * One overlay's line to us, whatever carries it: a `MessagePort` into the frame in the page, or a
 * `runtime.Port` to the overlay's own tab. Every request gets exactly one answer, also one that throws.
 */
export class Channel {
  readonly #post: (message: Message<Answer<PageReply> | PageEvent>) => void;
  readonly #handle: Handler;

  constructor(
    post: (message: Message<Answer<PageReply> | PageEvent>) => void,
    handle: Handler,
  ) {
    this.#post = post;
    this.#handle = handle;
  }

  /** Takes what came in. Anything that is not a request of ours is dropped: there is nobody to answer. */
  async receive(data: unknown): Promise<void> {
    const { v, id, body, blobs } = (data ?? {}) as Partial<Message<ToPage>>;
    if (typeof id !== 'number' || !body) return;
    let answer: Answer<PageReply>;
    let out: Blob[] = [];
    try {
      if (v !== WIRE_VERSION) throw new Error(`wire version ${v}, not ${WIRE_VERSION}`);
      const [reply, ...rest] = await this.#handle(body, blobs ?? []);
      answer = { ok: reply };
      out = rest;
    } catch (error) {
      answer = { err: failureOf(error) };
    }
    this.#send({ v: WIRE_VERSION, re: id, body: answer, blobs: out });
  }

  /** Tells the overlay something that it did not ask for. */
  tell(event: PageEvent): void {
    this.#send({ v: WIRE_VERSION, body: event, blobs: [] });
  }

  /** The overlay may be gone by now, which is told to us by other means. */
  #send(message: Message<Answer<PageReply> | PageEvent>): void {
    try {
      this.#post(message);
    } catch {
      // Nobody listens any more.
    }
  }
}
