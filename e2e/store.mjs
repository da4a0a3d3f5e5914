// The model store as a page of the extension speaks to it.

/**
 * Opens a page of the extension with a line to the store, which asks `hub`: `ask` in that page sends a request, `events` fills with
 * what comes unasked.
 */
export async function storePage(browser, hub) {
  const page = await browser.page(`chrome-extension://${browser.id}/manifest.json`);
  await page.evaluate(async () => {
    const contexts = await chrome.runtime.getContexts({ contextTypes: ['OFFSCREEN_DOCUMENT'] });
    if (!contexts.length) {
      await chrome.offscreen.createDocument({ url: 'engine.html', reasons: ['WORKERS'], justification: 'test' });
    }
    const port = chrome.runtime.connect({ name: 'models' });
    const waiting = new Map();
    let last = 0;
    globalThis.events = [];
    port.onMessage.addListener((message) => {
      if (message.re === undefined) return events.push(message.body);
      waiting.get(message.re)?.({ body: message.body, blobs: message.blobs });
    });
    globalThis.ask = (body, blobs = []) => new Promise((done) => {
      waiting.set(++last, done);
      port.postMessage({ v: 1, id: last, body, blobs });
    });
  });
  await askStore(page, { call: 'use-hub', origin: hub.origin });
  return page;
}

/** The store's reply, or `{ failure }`. */
export async function askStore(page, body) {
  const answer = await page.evaluate(async (body) => (await ask(body)).body, body);
  return answer.ok ?? answer.err;
}
