// A page of the extension that is connected to the model store.

/**
 * Opens a page of the extension with a connection to the store, which downloads from `hub`. In that page, `ask` sends a request, and `events`
 * collects the store's events.
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
