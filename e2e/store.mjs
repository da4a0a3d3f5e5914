// A page of the extension that is connected to the model store.

/** Opens a page of the extension that is connected to the store. */
export async function storePage(browser, hub) {
  const page = await browser.page(`chrome-extension://${browser.id}/manifest.json`);
  await connectToStore(page, hub);
  return page;
}

/**
 * Connects a page of the extension to the store, which downloads from `hub`. In that page, `ask` sends a request, and `events` collects the store's
 * events.
 */
export async function connectToStore(page, hub) {
  await page.evaluate(async () => {
    // Elsewhere, the engine lives in the background, which is there when somebody connects to it.
    const contexts = chrome.offscreen && (await chrome.runtime.getContexts({ contextTypes: ['OFFSCREEN_DOCUMENT'] }));
    if (contexts?.length === 0) {
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
}

/** The store's reply, or `{ failure }`. */
export async function askStore(page, body) {
  const answer = await page.evaluate(async (body) => (await ask(body)).body, body);
  return answer.ok ?? answer.err;
}
