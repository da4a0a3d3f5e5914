import { make, on, rectOf } from './dom';
import { addHost, OVERLAY, place } from './style';

/** How long the frame may take until it says hello. Milliseconds. */
const PATIENCE = 4000;

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

export interface Overlay {
  /** False once the page has thrown us out. */
  isThere(): boolean;
  /** The frame draws from now on: our own dimming goes with the next frame. */
  greet(): void;
  focus(): void;
  /** Makes everything invisible. `visibility` would take the focus away and could not give it back. */
  hide(hidden: boolean): void;
  remove(): void;
}

/** True where the overlay can be shown inside of this document at all. */
export const hasRoom = (): boolean =>
  document.documentElement instanceof HTMLElement && (window === top || (innerWidth >= 420 && innerHeight >= 320));

/**
 * Our frame, in a modal dialog: that is above everything in the page, the page's own dialogs and fullscreen
 * included, and keeps the pointer and the keys from the page. Closing it gives the focus back.
 */
export function openOverlay(token: string, picture: Element | undefined, events: OverlayEvents): Overlay {
  const stop = new AbortController();
  const { signal } = stop;
  const dialog = make('dialog');
  const dim = make('div');
  const iframe = make('iframe');
  let greeted = false;
  let raises = 0;

  const focus = () => iframe.focus();

  function raise(): void {
    if (++raises > RAISES) return;
    dialog.close();
    dialog.showModal();
    focus();
  }

  function remove(): void {
    stop.abort();
    dialog.close();
    host.remove();
  }

  // Only the overlay closes itself.
  dialog.setAttribute('closedby', 'none');
  place(dim, picture ? rectOf(picture) : new DOMRect());
  // For every origin: the address that the browser makes up for our frame is not the origin it ends up with.
  iframe.allow = 'clipboard-write *';
  // Without this, pages that embed nothing foreign (COEP) would not embed us either.
  iframe.setAttribute('credentialless', '');
  iframe.src = chrome.runtime.getURL('overlay.html#' + token);
  on(iframe, 'load', () => {
    // The extension was updated or removed under us: nobody will ever answer.
    if (!chrome.runtime.id) return events.ended();
    const { port1, port2 } = new MessageChannel();
    iframe.contentWindow!.postMessage({ rubout: token }, chrome.runtime.getURL(''), [port2]);
    on(port1, 'close', () => greeted && events.ended(), signal);
    events.connected(port1);
    focus();
  });
  // Before the frame is there, Escape is ours; after that it has to ask first what would be lost.
  on(dialog, 'keydown', ({ key }: KeyboardEvent) => key === 'Escape' && (greeted ? focus() : events.ended()));
  // Something else of the page went into the top layer.
  on(document, 'toggle', ({ newState }: ToggleEvent) => newState === 'open' && raise(), signal);
  on(document, 'fullscreenchange', raise, signal);

  dialog.append(dim, iframe);
  const host = addHost(dialog, OVERLAY);
  dialog.showModal();
  setTimeout(() => greeted || signal.aborted || events.rejected(), PATIENCE);

  return {
    isThere: () => host.isConnected,
    greet() {
      greeted = true;
      requestAnimationFrame(() => dim.remove());
    },
    focus,
    hide(hidden) {
      dialog.style.opacity = hidden ? '0' : '';
    },
    remove,
  };
}
