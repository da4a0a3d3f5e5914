import { TAB_PORT, WIRE_VERSION, type Answer, type Picture, type Target, type ToBackground, type ToPage } from './protocol';
import { replacementFor, replacementOf } from './apply';
import { Channel, type Message, type Reply } from './channel';
import { learnNaturalSize, measure } from './geometry';
import { rememberPlace } from './memory';
import { hasRoom, Overlay } from './overlay';
import { fetchSource, readDirect } from './pixels';
import { Refusal } from './refusal';
import { isOwn, showsPoster, sourceOf, type Found } from './target';

/** What a session is about: a picture, or a frame that has to be asked for first. */
export type Subject = Found | Extract<Target, { target: 'frame' }>;

/** Longest text that names a picture for a screen reader. */
const ALT = 200;

/** One overlay at work on one picture, from the click until it closes. */
export class Session {
  #overlay: Overlay | null = null;
  readonly #channels = new Set<Channel>();
  readonly #found: Found | null;
  readonly #back: () => void;
  readonly #resume: HTMLVideoElement | null = null;
  #polling = 0;
  #last = '';
  #gone = false;
  #over = false;

  readonly #subject: Subject;
  readonly #ended: (session: Session) => void;

  constructor(
    readonly token: string,
    subject: Subject,
    ended: (session: Session) => void,
  ) {
    this.#subject = subject;
    this.#ended = ended;
    this.#found = 'kind' in subject ? subject : null;
    const element = this.#found?.element ?? null;
    this.#back = rememberPlace(element);
    if (element instanceof HTMLVideoElement && !element.paused) {
      element.pause();
      this.#resume = element;
    }
    if (hasRoom()) this.#open(element);
    else void this.#openInTab();
  }

  /** True while the overlay is shown in this document. */
  get isHere(): boolean {
    return this.#overlay !== null;
  }

  focus(): void {
    this.#overlay?.focus();
  }

  /** An overlay in a tab of its own reaches us. */
  connect(port: chrome.runtime.Port): void {
    const channel = new Channel((message) => port.postMessage(message), this.#handle);
    this.#channels.add(channel);
    port.onMessage.addListener((data) => void channel.receive(data));
    port.onDisconnect.addListener(() => {
      this.#channels.delete(channel);
      if (!this.#overlay && !this.#channels.size) this.end();
    });
    this.#poll();
  }

  /** Takes everything of ours away, except what was written into the page. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    cancelAnimationFrame(this.#polling);
    this.#overlay?.remove();
    this.#overlay = null;
    this.#channels.clear();
    this.#back();
    this.#resume?.play().catch(() => undefined);
    this.#ended(this);
  }

  #open(element: Element | null): void {
    let frame: Channel | undefined;
    this.#overlay = new Overlay(this.token, element, {
      connected: (port) => {
        if (frame) this.#channels.delete(frame);
        const channel = new Channel((message) => port.postMessage(message), this.#handle);
        frame = channel;
        this.#channels.add(channel);
        port.onmessage = ({ data }) => void channel.receive(data);
        this.#poll();
      },
      rejected: () => {
        this.#overlay = null;
        if (frame) this.#channels.delete(frame);
        void this.#openInTab();
      },
      ended: () => this.end(),
    });
  }

  async #openInTab(): Promise<void> {
    const body: ToBackground = { call: 'open-in-tab', token: this.token };
    const request: Message<ToBackground> = { v: WIRE_VERSION, id: 1, body, blobs: [] };
    try {
      const answer: Message<Answer<null>> | undefined = await chrome.runtime.sendMessage(request);
      if (answer && 'err' in answer.body) this.end();
    } catch {
      this.end();
    }
  }

  readonly #handle = async (call: ToPage, blobs: Blob[]): Promise<Reply> => {
    switch (call.call) {
      case 'hello':
        return this.#hello();
      case 'read-direct':
        return readDirect(this.#picture());
      case 'fetch':
        return fetchSource(this.#picture());
      case 'hide':
        this.#overlay?.hide(call.hidden);
        await frames(2);
        return [{ reply: 'geometry', geometry: measure(this.#picture()) }];
      case 'apply': {
        const [blob] = blobs;
        if (!blob) throw new Error('apply without a picture');
        await replacementOf(this.#picture()).apply(blob, call.changed, call.width, call.height);
        return [{ reply: 'done' }];
      }
      case 'revert':
        if (this.#found) replacementFor(this.#found)?.revert();
        return [{ reply: 'done' }];
      case 'close':
        // After the answer, which would have nobody to go to.
        setTimeout(() => this.end());
        return [{ reply: 'done' }];
      default:
        throw new Error(`unknown call ${JSON.stringify(call)}`);
    }
  };

  async #hello(): Promise<Reply> {
    if (!this.#found) {
      const { origin, frameId, srcUrl } = this.#subject as Exclude<Subject, Found>;
      this.#overlay?.greet();
      return [{ reply: 'frame', origin, frameId, srcUrl }];
    }
    // The frame lives, however long the picture takes.
    this.#overlay?.greet();
    await learnNaturalSize(this.#found);
    return [{ reply: 'picture', picture: describe(this.#found) }];
  }

  #picture(): Found {
    if (!this.#found) throw new Error('no picture in this session');
    if (!this.#found.element.isConnected) throw new Refusal({ failure: 'gone' });
    return this.#found;
  }

  /** Follows the picture, frame by frame: nothing else tells of every scroll, layout and transform. */
  #poll(): void {
    const found = this.#found;
    if (!found || this.#over || this.#polling) return;
    const look = () => {
      this.#polling = 0;
      if (this.#over || this.#gone) return;
      if (!found.element.isConnected) {
        if (!replacementFor(found)?.waiting) {
          this.#gone = true;
          for (const channel of this.#channels) channel.tell({ event: 'gone' });
          return;
        }
      } else {
        const geometry = measure(found);
        const text = JSON.stringify(geometry);
        if (this.#last && text !== this.#last) {
          for (const channel of this.#channels) channel.tell({ event: 'moved', geometry });
        }
        this.#last = text;
      }
      this.#polling = requestAnimationFrame(look);
    };
    look();
  }
}

/** True for the port of this session's own tab. */
export function isPortOf(session: Session, port: chrome.runtime.Port): boolean {
  return port.sender?.id === chrome.runtime.id && port.name === `${TAB_PORT}:${session.token}`;
}

function describe(found: Found): Picture {
  const { element, kind } = found;
  const source = sourceOf(found);
  const plays = element instanceof HTMLVideoElement && !showsPoster(element);
  return {
    kind,
    url: kind === 'video' ? null : source && new URL(source, document.baseURI).href,
    sameOrigin: source ? isOwn(source) : !plays,
    alt: nameOf(element).trim().slice(0, ALT),
    geometry: measure(found),
  };
}

function nameOf(element: Element): string {
  const alt = element.getAttribute('alt') || element.getAttribute('aria-label') || element.getAttribute('title');
  return alt || (element instanceof SVGElement && element.querySelector('title')?.textContent) || '';
}

/** Waits for animation frames; in a tab that is not seen there are none, and nothing to wait for. */
async function frames(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise<unknown>((done) => {
      requestAnimationFrame(done);
      setTimeout(done, 250);
    });
  }
}
