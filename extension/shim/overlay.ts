import { closedRoot, make, OVERLAY, shield } from './style';
import { ours } from './tree';

/** How long the frame may take until it says hello. Milliseconds. */
const PATIENCE = 2500;

/** How often our dialog goes back on top of what the page lays over it: no fight for ever. */
const RAISES = 20;

/** What becomes of the overlay's frame. */
export interface OverlayEvents {
  /** The frame has loaded: here is its end of the line. */
  connected(port: MessagePort): void;
  /** The page does not let the frame live. */
  rejected(): void;
  /** The frame is gone by itself, or the user left before it came. */
  ended(): void;
}

/** True where the overlay can be shown inside of this document at all. */
export function hasRoom(): boolean {
  const html = document.documentElement instanceof HTMLElement && !(document.body instanceof HTMLFrameSetElement);
  return html && (window === top || (innerWidth >= 420 && innerHeight >= 320));
}

/**
 * Our frame, in a modal dialog: that is above everything in the page, the page's own dialogs and fullscreen
 * included, and keeps the pointer and the keys from the page.
 */
export class Overlay {
  readonly #stop = new AbortController();
  readonly #host = make('div');
  readonly #dialog = make('dialog');
  readonly #dim = make('div');
  readonly #iframe = make('iframe');
  readonly #guard = new MutationObserver(() => this.#host.isConnected || this.#reject());
  #timer: ReturnType<typeof setTimeout> | undefined;
  #greeted = false;
  #raises = 0;

  readonly #events: OverlayEvents;

  constructor(
    token: string,
    picture: Element | null,
    events: OverlayEvents,
  ) {
    this.#events = events;
    const [host, dialog, dim, iframe] = [this.#host, this.#dialog, this.#dim, this.#iframe];
    ours.add(host);
    shield(host);
    dialog.setAttribute('closedby', 'none');
    const { left, top, width, height } = picture?.getBoundingClientRect() ?? new DOMRect(-1, -1, 0, 0);
    Object.assign(dim.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    iframe.allow = 'clipboard-write';
    // Without this, pages that embed nothing foreign (COEP) would not embed us either.
    iframe.setAttribute('credentialless', '');
    iframe.src = `${chrome.runtime.getURL('overlay.html')}#${token}`;

    const { signal } = this.#stop;
    iframe.addEventListener('load', () => this.#loaded(token), { signal });
    dialog.addEventListener('cancel', (event) => event.preventDefault(), { signal });
    dialog.addEventListener('close', () => this.#raise(), { signal });
    dialog.addEventListener('keydown', (event) => this.#key(event), { signal });
    document.addEventListener('toggle', (event) => this.#covered(event), { capture: true, signal });
    document.addEventListener('fullscreenchange', () => this.#raise(), { signal });

    dialog.append(dim, iframe);
    closedRoot(host, OVERLAY).append(dialog);
    document.documentElement.append(host);
    dialog.showModal();
    performance.mark('rubout-dialog');
    this.#guard.observe(document, { childList: true });
    this.#guard.observe(document.documentElement, { childList: true });
    this.#timer = setTimeout(() => this.#reject(), PATIENCE);
  }

  /** The frame draws from now on: our own dimming goes with the next frame. */
  greet(): void {
    this.#greeted = true;
    clearTimeout(this.#timer);
    requestAnimationFrame(() => this.#dim.remove());
  }

  focus(): void {
    this.#iframe.focus();
  }

  /** Makes everything invisible. `visibility` would take the focus away and could not give it back. */
  hide(hidden: boolean): void {
    this.#dialog.style.opacity = hidden ? '0' : '';
  }

  remove(): void {
    this.#stop.abort();
    this.#guard.disconnect();
    clearTimeout(this.#timer);
    this.#dialog.close();
    this.#host.remove();
  }

  #loaded(token: string): void {
    // The extension was updated or removed under us: nobody will ever answer.
    if (!chrome.runtime?.id) return this.#events.ended();
    const { port1, port2 } = new MessageChannel();
    const { origin } = new URL(chrome.runtime.getURL(''));
    this.#iframe.contentWindow?.postMessage({ rubout: token }, origin === 'null' ? chrome.runtime.getURL('') : origin, [port2]);
    port1.addEventListener('close', () => this.#stop.signal.aborted || !this.#greeted || this.#events.ended());
    this.#events.connected(port1);
    this.focus();
  }

  #reject(): void {
    this.remove();
    this.#events.rejected();
  }

  #key(event: KeyboardEvent): void {
    if (event.isTrusted && event.key === 'Escape') this.#events.ended();
  }

  /** Something else of the page went into the top layer. */
  #covered(event: Event): void {
    if ((event as ToggleEvent).newState === 'open' && event.target !== this.#host) this.#raise();
  }

  #raise(): void {
    if (this.#stop.signal.aborted || ++this.#raises > RAISES) return;
    if (this.#dialog.open) {
      const { signal } = this.#stop;
      // Closing tells of itself later, and that must not raise us once more.
      this.#dialog.addEventListener('close', (event) => event.stopImmediatePropagation(), { capture: true, once: true, signal });
      this.#dialog.close();
    }
    this.#dialog.showModal();
    this.focus();
  }
}
