/**
 * The only code of ours that enters a web page: it measures, reads, writes and answers.
 *
 * It is injected when the user asks for it, into the isolated world of a document, and as often as they ask;
 * only the first time counts.
 */

import { WIRE_VERSION, type Answer, type Start } from './protocol';
import type { Message } from './channel';
import { Pick } from './pick';
import { isPortOf, Session, type Subject } from './session';
import { clickedPicture, watchClicks } from './target';

/** Where a second injection finds the first. Pages do not see the globals of this world. */
const KEY = Symbol.for('rubout');

/** The sessions of this document: at most one shows its overlay here, the others have a tab of their own. */
const sessions = new Map<string, Session>();
let pick: Pick | null = null;

function begin({ token, target }: Start): void {
  performance.mark('rubout-start');
  const here = [...sessions.values()].find((session) => session.isHere);
  if (here) return here.focus();
  if (sessions.has(token)) return;
  pick?.end();
  if (target.target === 'frame') return open(token, target);
  const found = target.target === 'clicked' ? clickedPicture(target.srcUrl) : undefined;
  if (found) return open(token, found);
  pick = new Pick((picked) => {
    pick = null;
    if (picked) open(token, picked);
  });
}

function open(token: string, subject: Subject): void {
  sessions.set(token, new Session(token, subject, (session) => sessions.delete(session.token)));
}

/** `Start`, in an envelope or by itself. */
function startIn(message: unknown): Start | null {
  const { body = message } = (message ?? {}) as { body?: unknown };
  const { token, target } = (body ?? {}) as Partial<Start>;
  return typeof token === 'string' && typeof target?.target === 'string' ? { token, target } : null;
}

function listen(): void {
  watchClicks();
  chrome.runtime.onMessage.addListener((message, sender, respond) => {
    const start = startIn(message);
    if (sender.id !== chrome.runtime.id || !start) return;
    let body: Answer<null> = { ok: null };
    try {
      begin(start);
    } catch (error) {
      body = { err: { failure: 'internal', detail: String(error) } };
    }
    respond({ v: WIRE_VERSION, re: (message as Message<Start>).id, body, blobs: [] } satisfies Message<Answer<null>>);
  });
  chrome.runtime.onConnect.addListener((port) => {
    for (const session of sessions.values()) if (isPortOf(session, port)) return session.connect(port);
  });
}

const world = globalThis as { [KEY]?: () => boolean };
// What an earlier version of the extension left behind is deaf.
if (!world[KEY]?.()) {
  world[KEY] = () => !!chrome.runtime?.id;
  listen();
}
