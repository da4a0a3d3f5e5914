import type { Answer, Picture, Shown, ToBackground } from './protocol';
import { answer, sealed, type Handler, type Message, type Post } from './channel';
import { isBlank } from './canvas';
import { isCanvas, isVideo, later, soon, styleOf } from './dom';
import { apply, editOf, isInPage, learnAddresses } from './edits';
import { farewell, farewellWords } from './farewell';
import { learnNaturalSize, measure } from './geometry';
import { call, get } from './native';
import { hasRoom, openOverlay, type Overlay } from './overlay';
import { fetchOriginal, fetchSource, isShown, readDirect, readShown } from './pixels';
import { refuse } from './refusal';
import { rescue, type Results } from './rescue';
import { shownOf } from './shown';
import { isOwn, type Found, type Frame, type Subject } from './target';

/** Maximum length of the text that names a picture for screen readers, in characters. */
const ALT = 200;

/** Maximum time in milliseconds until the next animation frame; hidden tabs have none. */
const FRAME = 250;

/** Maximum time in milliseconds until an overlay in a tab connects. */
const TAB = 60_000;

/** The work of one overlay on one picture. */
export interface Session {
  /** The overlay, if it is shown in this document. */
  overlay(): Overlay | undefined;
  /** Connects an overlay in a tab of its own. */
  connect(port: chrome.runtime.Port): void;
}

/** Sends a request to the background. */
export const ask = async (body: ToBackground): Promise<Message<Answer<null>> | undefined> =>
  chrome.runtime.sendMessage({ ...sealed(body), id: 1 });

/** Starts a session and opens its overlay. `ended` is called when the overlay has closed. */
export function startSession(token: string, subject: Subject, ended: () => void): Session {
  const found = 'kind' in subject ? subject : undefined;
  const element = found?.element;
  const playing = element && isVideo(element) && !element.paused ? element : undefined;
  const words = farewellWords();
  let overlay: Overlay | undefined;
  let post: Post | undefined;
  let last = '';
  let wasOnTop: boolean | undefined;
  let over = false;
  let moved = false;
  let results: Results | undefined;

  function chosen(): Found {
    if (!found) throw 'no picture';
    return found;
  }

  function picture(): Found {
    const found = chosen();
    if (!get(found.element, 'isConnected')) refuse({ failure: 'gone' });
    return found;
  }

  const handle: Handler = async (call, blobs) => {
    const [blob] = blobs;
    switch (call.call) {
      case 'hello':
        // The frame works, even if the picture takes longer to load than the frame may.
        overlay?.greet();
        if (!found) {
          const { target, ...frame } = subject as Frame;
          return [{ reply: 'frame', ...frame }];
        }
        await learning;
        const described = describe(found, shown);
        // Whatever moves it from here on is told.
        last = JSON.stringify(described.geometry);
        return [{ reply: 'picture', picture: described }];
      case 'read-direct':
        return readDirect(picture());
      case 'read-shown':
        return readShown(picture());
      case 'compare':
        return [{ reply: 'compared', same: await isShown(picture(), blob!) }];
      case 'fetch':
        return fetchSource(picture());
      case 'fetch-original':
        return fetchOriginal(editOf(picture())?.source ?? '');
      case 'hide':
        overlay?.topmost.hide(call.hidden);
        await frame();
        await frame();
        return [{ reply: 'geometry', geometry: measure(picture()) }];
      case 'is-on-top':
        // The overlay waits again, until it is told that it is on top.
        if (overlay && !overlay.topmost.hasStayed()) wasOnTop = false;
        return [{ reply: 'seen', onTop: wasOnTop !== false }];
      case 'lost-focus':
        overlay?.topmost.lostFocus();
        break;
      case 'apply':
        await apply(chosen(), blob!, call.changed, call.width, call.height);
        break;
      case 'revert':
        if (found) editOf(found)?.revert();
        break;
      case 'entrust':
        results = blobs.length ? { size: [call.width, call.height], rects: call.rects, patches: blobs } : undefined;
        break;
      case 'move-to-editor':
        later(0, () => moveToTab(true));
        break;
      case 'close':
        // After the answer has been sent, because the end closes the way to the overlay.
        later(0, end);
        break;
      default:
        throw 'unknown call';
    }
    return [{ reply: 'done' }];
  };

  /** Removes everything of the extension from the page, except results. */
  function end(): void {
    if (over) return;
    over = true;
    overlay?.remove();
    playing?.play().catch(() => 0);
    ended();
  }

  /** Frees the page of an overlay that is dead, and says so. */
  function lost(): void {
    if (over) return;
    end();
    const left = results;
    farewell(words, left && found && (() => rescue(found, left)));
  }

  /** Opens the overlay in a tab, because it cannot be shown in the page; or in the `editor`, because the user wants that. */
  async function moveToTab(editor = false): Promise<void> {
    if (moved || over) return;
    moved = true;
    overlay?.remove();
    overlay = post = undefined;
    const reply = await ask({ call: 'open-in-tab', token, editor }).catch(() => undefined);
    if (!reply || 'err' in reply.body) return lost();
    // A tab that is closed before it connects tells nobody.
    later(TAB, () => post || end());
  }

  /** Follows the picture in every animation frame, because no event reports every scroll, layout and transform. */
  function look(): void {
    if (over) return;
    soon(FRAME, look);
    if (overlay && !overlay.isThere()) void moveToTab();
    const onTop = overlay?.topmost.isOnTop();
    if (post && onTop !== undefined && onTop !== wasOnTop) post(sealed({ event: 'on-top', onTop: (wasOnTop = onTop) }));
    if (!post || !found) return;
    const isThere = get(found.element, 'isConnected') || (last !== 'gone' && isInPage(found));
    const geometry = isThere ? measure(found) : undefined;
    const now = JSON.stringify(geometry) ?? 'gone';
    if (last && last !== now) post(sealed(geometry ? { event: 'moved', geometry } : { event: 'gone' }));
    last = now;
  }

  if (found) learnAddresses(found);
  // Before the page can notice anything of ours and change what counts.
  const learning = found && learnNaturalSize(found);
  const shown = found && shownOf(found);
  try {
    if (found && isCanvas(found.element)) isBlank(found.element);
  } catch {
    found!.tainted = true;
  }
  playing?.pause();
  if (hasRoom()) {
    overlay = openOverlay(token, element, {
      connected(port) {
        const mine: Post = (message) => port.postMessage(message);
        post = mine;
        port.onmessage = ({ data }) => answer(data, handle, mine);
      },
      rejected: () => void moveToTab(),
      ended: end,
      lost,
    });
  } else void moveToTab();
  look();

  return {
    overlay: () => overlay,
    connect(port) {
      const mine: Post = (message) => port.postMessage(message);
      post = mine;
      port.onMessage.addListener((data) => answer(data, handle, mine));
      port.onDisconnect.addListener(() => post === mine && end());
    },
  };
}

function describe(found: Found, shown?: Shown): Picture {
  const { element, kind, source } = found;
  const attribute = (name: string) => call(element, 'getAttribute', name);
  const name = attribute('alt') || get(element, 'ariaLabel') || attribute('title') || '';
  return {
    kind,
    url: kind === 'video' ? null : source || null,
    pageOrigin: origin,
    sameOrigin: !source || isOwn(source),
    alt: name.trim().slice(0, ALT),
    edited: !!editOf(found),
    originalUrl: editOf(found)?.source || null,
    shown: shown ?? null,
    asStored: styleOf(element).imageOrientation === 'none',
    geometry: measure(found),
  };
}

/** Waits for the next animation frame. */
const frame = (): Promise<void> => new Promise((done) => soon(FRAME, done));
