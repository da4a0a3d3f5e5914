/**
 * The only code of ours that enters a web page: it measures, reads, writes and answers.
 *
 * It is injected when the user asks for it, into the isolated world of a document, and as often as they ask;
 * only the first time counts.
 */

import { TAB_PORT, type Answer, type Start } from './protocol';
import { sealed, type Message } from './channel';
import { clickedPicture, watchClicks } from './clicked';
import { pick } from './pick';
import { failureOf } from './refusal';
import { ask, startSession, type Session, type Subject } from './session';

/** Where a second injection finds the first. Pages do not see the globals of this world. */
const world = globalThis as { rubout?: () => boolean };

/** The sessions of this document: at most one shows its overlay here, the others have a tab of their own. */
const sessions = new Map<string, Session>();

/** Ends the picking that goes on. */
let endPick: (() => void) | undefined;

function begin({ token, target }: Start): void {
  endPick?.();
  endPick = undefined;
  if (target.target === 'pick-end') return;
  const here = [...sessions.values()].find((session) => session.overlay());
  if (here) return here.overlay()!.focus();
  const open = (subject: Subject) => sessions.set(token, startSession(token, subject, () => sessions.delete(token)));
  const subject = target.target === 'clicked' ? clickedPicture(target.srcUrl) : target.target === 'frame' && target;
  if (subject) open(subject);
  else {
    endPick = pick((found) => {
      endPick = undefined;
      // The other frames of the page pick as well.
      ask({ call: 'pick-ended' }).catch(() => 0);
      if (found) open(found);
    });
  }
}

// What an earlier version of the extension left behind is deaf.
if (!world.rubout?.()) {
  const { runtime } = chrome;
  world.rubout = () => !!runtime.id;
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
