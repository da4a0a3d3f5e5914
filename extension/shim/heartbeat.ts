import { on } from './dom';
import { get } from './native';

/** Milliseconds between two beats. Timers of hidden pages are slower: there it is one second, and later more. */
const BEAT = 250;

/** How many beats in a row a frame may leave unanswered: two seconds in a visible page. */
const LIMIT = 8;

/** The same before its first answer: its worker has to start first. */
const FIRST_LIMIT = 40;

/** The same when the page becomes visible again. */
const RETURN_LIMIT = 3;

/** For how long the frame's own thread may be busy, in milliseconds, until keys meant for the frame are heard here. */
const BUSY = 2000;

/** What the heart tells. */
export interface HeartbeatEvents {
  /** The frame's process has ended, or the extension was reloaded, switched off or removed. */
  stopped(): void;
  /** Whether the frame's own thread is too busy to hear keys. */
  busy(is: boolean): void;
}

/**
 * Follows whether the overlay's frame lives, because the browser does not tell when the process of a frame ends: its ports stay open. A worker in the
 * frame's process answers each beat, also while the frame's own thread is busy, and says for how many milliseconds that has been.
 *
 * Beats are counted and not milliseconds, so that only time counts in which this script ran: a page that blocks its own thread, or is frozen by the
 * browser, neither asks nor counts.
 */
export function watchHeartbeat(port: MessagePort, { stopped, busy }: HeartbeatEvents, signal: AbortSignal): void {
  let unanswered = 0;
  let limit = FIRST_LIMIT;

  /** True while the frame is taken to live. */
  function lives(most: number): boolean {
    if (chrome.runtime?.id && unanswered <= most) return true;
    stopped();
    return false;
  }

  function beat(): void {
    if (signal.aborted || !lives(limit)) return;
    unanswered++;
    port.postMessage(0);
    // Not `later`, whose tasks overtake the answers that wait in a busy page; nor setTimeout, whose number the page could clear.
    void scheduler.postTask(beat, { delay: BEAT });
  }

  on(port, 'message', ({ data }) => {
    unanswered = 0;
    limit = LIMIT;
    busy(data > BUSY);
  }, signal);
  port.start();
  on(document, 'visibilitychange', () => get(document, 'hidden') || lives(limit === LIMIT ? RETURN_LIMIT : limit), signal);
  beat();
}
