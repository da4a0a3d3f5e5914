import { later, make, on, rectOf, soon } from './dom';
import { watchHeartbeat } from './heartbeat';
import { root } from './native';
import { addHost, OVERLAY, place } from './style';
import { keepOnTop, type Topmost } from './topmost';

/** Maximum time in milliseconds until the frame says hello. */
const PATIENCE = 4000;

/** Events of the overlay's frame. */
export interface OverlayEvents {
  /** The frame has loaded; the port leads to it. */
  connected(port: MessagePort): void;
  /** The page does not let the frame live, or does not let it be on top. */
  rejected(): void;
  /** The user left before the frame said hello, or while it hears no keys. */
  ended(): void;
  /** The frame is gone without having been closed. */
  lost(): void;
}

/** The overlay in this document. */
export interface Overlay {
  /** False once the page has removed the overlay. */
  isThere(): boolean;
  /** The frame has begun to draw: removes our own dimming with the next animation frame. */
  greet(): void;
  /** Keeps it above everything else. */
  topmost: Topmost;
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
  let connected = false;
  let greeted = false;
  let deaf = false;

  /** A frame that hears no keys does not get them: Escape has to work. */
  const hears = () => greeted && !deaf;

  function busy(is: boolean): void {
    if (deaf === is) return;
    deaf = is;
    topmost.focus();
  }

  function remove(): void {
    stop.abort();
    dialog.close();
    host.remove();
  }

  // Only the overlay closes itself.
  dialog.setAttribute('closedby', 'none');
  dialog.tabIndex = -1;
  dialog.autofocus = true;
  place(dim, picture ? rectOf(picture) : new DOMRect());
  // For every origin, because the address of the frame, which the browser generates, is not the origin that the frame ends up with.
  iframe.allow = 'clipboard-write *';
  // Needed in pages whose COEP header forbids frames of other origins.
  iframe.setAttribute('credentialless', '');
  iframe.src = chrome.runtime.getURL('overlay.html#' + token);
  on(iframe, 'load', () => {
    // Without an id, the extension was updated or removed, and nobody will answer.
    if (!chrome.runtime?.id) return events.lost();
    // Another document has taken the place of ours, which had the one port of this session.
    if (connected) return events.rejected();
    connected = true;
    const { port1, port2 } = new MessageChannel();
    const beats = new MessageChannel();
    iframe.contentWindow!.postMessage({ rubout: token }, chrome.runtime.getURL(''), [port2, beats.port2]);
    on(port1, 'close', () => greeted && (chrome.runtime?.id ? events.rejected() : events.lost()), signal);
    watchHeartbeat(beats.port1, { stopped: events.lost, busy }, signal);
    events.connected(port1);
  });
  // Where the frame hears no keys, Escape closes the overlay. Otherwise the frame handles it, because edits may have to be confirmed.
  on(dialog, 'keydown', ({ key }: KeyboardEvent) => key === 'Escape' && (hears() ? topmost.focus() : events.ended()));

  dialog.append(dim, iframe);
  const { host, shadow } = addHost(dialog, OVERLAY);
  dialog.showModal();
  const topmost = keepOnTop({ host, shadow, dialog, iframe, hears }, events.rejected, signal);
  later(PATIENCE, () => greeted || signal.aborted || events.rejected());

  return {
    isThere: () => host.isConnected,
    greet() {
      greeted = true;
      topmost.focus();
      soon(100, () => dim.remove());
    },
    topmost,
    remove,
  };
}
