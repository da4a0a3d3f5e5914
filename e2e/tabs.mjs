// Tabs as users meet them, where an automated browser makes them otherwise.

import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds until a tab that was to close is asked again. */
const CLOSES_WITHIN = 2000;

/** Milliseconds that a page has to say whether it is covered. */
const ANSWERS_WITHIN = 1000;

/** What a user can only do to the tab in front: methods of a locator. */
const NEEDS_FRONT = ['check', 'click', 'dblclick', 'hover', 'selectOption', 'tap', 'uncheck'];

/** Makes one tab behave as it does for every user; called once for each new one. */
export async function likeUsers(page) {
  comesToTheFront(page);
  const session = page.context().newCDPSession(page);
  closesForSure(page, session);
  // A tab that has just closed needs no focus.
  await losesFocus(page, session).catch(() => {});
}

/**
 * Lets a page lose the focus to another tab and to the browser's own bubbles. Playwright makes each page believe that it always has it, and not
 * the frames of other origins in it, which then ask for it again and again.
 */
async function losesFocus(page, session) {
  const real = async () => (await session).send('Emulation.setFocusEmulationEnabled', { enabled: false });
  // Playwright's own wish is repeated for each new document.
  page.on('framenavigated', (frame) => frame === page.mainFrame() && real().catch(() => {}));
  await real();
}

/** The browser forgets to close a tab that is just going to another document (one in ten, where a form is sent): it is asked again. */
function closesForSure(page, session) {
  const close = page.close.bind(page);
  page.close = async (options) => {
    const closed = close(options).then(() => true);
    if (options?.runBeforeUnload) return void (await closed);
    while (!(await Promise.race([closed, sleep(CLOSES_WITHIN)]))) {
      // The tab may have closed meanwhile.
      session.then((session) => session.send('Page.close')).catch(() => {});
    }
  };
}

let patched = false;

/**
 * Brings a tab to the front before something in it is clicked, if another one covers it: one that is covered draws nothing, and Playwright waits for
 * it to draw.
 */
function comesToTheFront(page) {
  if (patched) return;
  patched = true;
  const locator = Object.getPrototypeOf(page.locator('html'));
  for (const name of NEEDS_FRONT) {
    const act = locator[name];
    locator[name] = async function (...options) {
      const covered = this.page().evaluate(() => document.visibilityState === 'hidden').catch(() => false);
      // A page that is busy or asks something does not answer.
      if (await Promise.race([covered, sleep(ANSWERS_WITHIN)])) await this.page().bringToFront();
      return act.apply(this, options);
    };
  }
}
