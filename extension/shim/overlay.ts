import { make, on, rectOf } from './dom';
import { root } from './native';
import { addHost, OVERLAY, place } from './style';

/** Maximum time in milliseconds until the frame says hello. */
const PATIENCE = 4000;

/** How many times our dialog is put back on top of what the page opens over it; a page could do so without end. */
const RAISES = 20;

/** Events of the overlay's frame. */
export interface OverlayEvents {
  /** The frame has loaded; the port leads to it. */
  connected(port: MessagePort): void;
  /** The frame did not say hello in time: the page prevents it. */
  rejected(): void;
  /** The frame has closed, or the user left before it said hello. */
  ended(): void;
}

/** The overlay in this document. */
export interface Overlay {
  /** False once the page has removed the overlay. */
  isThere(): boolean;
  /** The frame has begun to draw: removes our own dimming with the next animation frame. */
  greet(): void;
  focus(): void;
  /** Makes the overlay invisible, or visible again, and keeps its focus, which `visibility` would take away. */
  hide(hidden: boolean): void;
  remove(): void;
}

/** Whether the overlay can be shown in this document. */
export const hasRoom = (): boolean =>
  root() instanceof HTMLElement && (window === top || (innerWidth >= 420 && innerHeight >= 320));

/**
 * Opens the overlay's frame in a modal dialog, which is above everything in the page, including its own dialogs and fullscreen elements, and keeps
 * pointer and keys from the page. The browser restores the focus when it closes.
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
  // For every origin, because the address of the frame, which the browser generates, is not the origin that the frame ends up with.
  iframe.allow = 'clipboard-write *';
  // Needed in pages whose COEP header forbids frames of other origins.
  iframe.setAttribute('credentialless', '');
  iframe.src = chrome.runtime.getURL('overlay.html#' + token);
  on(iframe, 'load', () => {
    // Without an id, the extension was updated or removed, and nobody will answer.
    if (!chrome.runtime.id) return events.ended();
    const { port1, port2 } = new MessageChannel();
    iframe.contentWindow!.postMessage({ rubout: token }, chrome.runtime.getURL(''), [port2]);
    on(port1, 'close', () => greeted && events.ended(), signal);
    events.connected(port1);
    focus();
  });
  // Until the frame has said hello, Escape closes the overlay. After that the frame handles it, because edits may have to be confirmed.
  on(dialog, 'keydown', ({ key }: KeyboardEvent) => key === 'Escape' && (greeted ? focus() : events.ended()));
  // An element of the page may have entered the top layer.
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
