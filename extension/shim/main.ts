/**
 * The only code of the extension that runs in a web page: it measures, reads and writes pictures, and answers requests.
 *
 * It is injected into the isolated world of a document each time the user starts; only the first injection takes effect.
 */

import { TAB_PORT, type Answer, type Start } from './protocol';
import { sealed, type Message } from './channel';
import { clickedPicture, watchClicks } from './clicked';
import { pick } from './pick';
import { failureOf } from './refusal';
import { ask, startSession, type Session } from './session';
import type { Subject } from './target';

/**
 * The global by which a second injection finds the first. Pages do not see the globals of this world, but an element with an id is a global in every world:
 * only a symbol is surely ours.
 */
const KEY = Symbol.for('rubout');
const world = globalThis as { [KEY]?: () => boolean };

/** The sessions of this document by token. At most one shows its overlay here; the overlays of the others are in tabs. */
const sessions = new Map<string, Session>();

/** Ends the present picking, if any. */
let endPick: (() => void) | undefined;

function begin({ token, target }: Start): void {
  endPick?.();
  endPick = undefined;
  if (target.target === 'pick-end') return;
  const here = [...sessions.values()].find((session) => session.overlay());
  if (here) return here.overlay()!.topmost.focus();
  const open = (subject: Subject) => sessions.set(token, startSession(token, subject, () => sessions.delete(token)));
  const subject = target.target === 'clicked' ? clickedPicture(target.srcUrl) : target.target === 'frame' && target;
  if (subject) open(subject);
  else {
    endPick = pick((found) => {
      endPick = undefined;
      // The other frames of the page are picking too, and have to stop.
      ask({ call: 'pick-ended' }).catch(() => 0);
      if (found) open(found);
    });
  }
}

// An injection of an earlier version of the extension does not answer any more and is replaced.
if (!world[KEY]?.()) {
  const { runtime } = chrome;
  world[KEY] = () => !!runtime.id;
  watchClicks();
  runtime.onMessage.addListener(({ id, body }: Message<Start>, sender, respond) => {
    if (sender.id !== runtime.id || !body.target) return;
    let ok: Answer<null> = { ok: null };
    try {
      begin(body);
    } catch (error) {
      ok = { err: failureOf(error) };
    }
    respond({ ...sealed(ok), re: id });
  });
  runtime.onConnect.addListener((port) => {
    const [name, token] = port.name.split(':');
    if (port.sender?.id === runtime.id && name === TAB_PORT) sessions.get(token!)?.connect(port);
  });
}
