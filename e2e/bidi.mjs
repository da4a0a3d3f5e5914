// Tabs over plain WebDriver BiDi, with those methods of the driver's pages that `firefox.mjs` wraps. The driver loses tabs that change their process, as
// those of the extension do, and does not see those of private windows; the protocol does.

import { readFile } from 'node:fs/promises';
import { PATIENCE, until } from './harness.mjs';

/** What the protocol calls a key that is no character. */
const KEYS = { Escape: '\uE00C', Enter: '\uE007', ArrowDown: '\uE015', ArrowUp: '\uE013', Control: '\uE009', Shift: '\uE008', Alt: '\uE00A' };

/** A function for the protocol: what it gets and gives travels as JSON, elements apart. */
const declared = (run, isOfElement) => (isOfElement
  ? `async (element, argument) => JSON.stringify((await (${run})(element, JSON.parse(argument))) ?? null)`
  : `async (argument) => JSON.stringify((await (${run})(JSON.parse(argument))) ?? null)`);

async function call(send, context, run, element, argument) {
  const answer = await send('script.callFunction', {
    target: { context },
    awaitPromise: true,
    userActivation: false,
    functionDeclaration: declared(run, !!element),
    arguments: [...(element ? [element] : []), { type: 'string', value: JSON.stringify(argument ?? null) }],
  });
  if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
  return JSON.parse(answer.result.value) ?? undefined;
}

class Element {
  #frame;
  #node;

  constructor(frame, node) {
    [this.#frame, this.#node] = [frame, node];
  }

  evaluate(run, argument) {
    return call(this.#frame.send, this.#frame.context, run, this.#node, argument);
  }

  /** Where it is in the viewport of its tab. */
  async boundingBox() {
    const box = await this.evaluate((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x, y, width, height };
    });
    const own = await (await this.#frame.frameElement())?.boundingBox();
    return own ? { ...box, x: box.x + own.x, y: box.y + own.y } : box;
  }

  focus() {
    return this.evaluate((element) => element.focus());
  }

  /** The frame that is in it. */
  async contentFrame() {
    const { result } = await this.#frame.send('script.callFunction', {
      target: { context: this.#frame.context },
      awaitPromise: false,
      functionDeclaration: '(element) => element.contentWindow',
      arguments: [this.#node],
    });
    return this.#frame.tab.frame(result.value.context);
  }

  async click() {
    await this.evaluate((element) => element.scrollIntoView({ block: 'center', behavior: 'instant' }));
    const { x, y, width, height } = await this.boundingBox();
    await this.#frame.tab.mouse.click(x + width / 2, y + height / 2);
  }
}

class Frame {
  /** `parent` is the frame around it, if there is one. */
  constructor(tab, context, parent) {
    Object.assign(this, { tab, context, parent, send: tab.send, isGone: false });
  }

  get detached() {
    this.tab.refresh();
    return this.isGone;
  }

  evaluate(run, argument) {
    return call(this.send, this.context, run, undefined, argument);
  }

  /** The first element of a selector; none where there is none. */
  async $(selector) {
    const expression = `document.querySelector(${JSON.stringify(selector)})`;
    const { result } = await this.send('script.evaluate', { target: { context: this.context }, awaitPromise: false, expression });
    return result?.sharedId && new Element(this, { sharedId: result.sharedId });
  }

  waitForSelector(selector, { timeout = PATIENCE } = {}) {
    return until(() => this.$(selector), { what: selector, timeout });
  }

  async frameElement() {
    if (!this.parent) return undefined;
    const elements = await this.parent.send('browsingContext.locateNodes', {
      context: this.parent.context, locator: { type: 'context', value: { context: this.context } },
    });
    return new Element(this.parent, { sharedId: elements.nodes[0].sharedId });
  }
}

/** A tab, named by its browsing context. `downloads` gives the files that were saved since it was last asked. */
export class Tab {
  #frames = new Map();
  #looking;
  #isClosed = false;
  #url = '';

  constructor(send, context, downloads) {
    Object.assign(this, { send, context, downloads });
    this.#frames.set(context, new Frame(this, context));
  }

  /** Looks which frames there are by now. */
  refresh() {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look() {
    const tree = await this.send('browsingContext.getTree', { root: this.context }).catch(() => undefined);
    if (!tree?.contexts) return void (this.#isClosed = true);
    const seen = new Set();
    const walk = ({ context, children, url }, parent) => {
      seen.add(context);
      if (!parent) this.#url = url;
      if (!this.#frames.has(context)) this.#frames.set(context, new Frame(this, context, parent));
      for (const child of children ?? []) walk(child, this.#frames.get(context));
    };
    walk(tree.contexts[0]);
    for (const [context, frame] of this.#frames) {
      if (seen.has(context)) continue;
      frame.isGone = true;
      this.#frames.delete(context);
    }
  }

  async frame(context) {
    if (!this.#frames.has(context)) await this.refresh();
    return this.#frames.get(context);
  }

  frames() {
    this.refresh();
    return [...this.#frames.values()];
  }

  mainFrame() {
    return this.#frames.get(this.context);
  }

  url() {
    this.refresh();
    return this.#url;
  }

  isClosed() {
    this.refresh();
    return this.#isClosed;
  }

  evaluate(run, argument) {
    return this.mainFrame().evaluate(run, argument);
  }

  bringToFront() {
    return this.send('browsingContext.activate', { context: this.context });
  }

  /** Loads the page anew, and waits until it has. */
  reload() {
    return this.send('browsingContext.reload', { context: this.context, wait: 'complete' });
  }

  async close() {
    await this.send('browsingContext.close', { context: this.context });
    this.#isClosed = true;
  }

  async waitForEvent() {
    const { path, name } = await until(() => this.downloads(), { what: 'a file that is saved' });
    return { path: () => path, suggestedFilename: () => name, bytes: () => readFile(path) };
  }

  #perform(type, id, actions) {
    return this.send('input.performActions', { context: this.context, actions: [{ type, id, actions }] });
  }

  /** Moves of the mouse in the viewport, in whole pixels as the protocol wants them. */
  #moves(x, y, steps = 1) {
    const [from, to] = [this.at ?? { x, y }, { x, y }];
    this.at = to;
    return Array.from({ length: steps }, (_, i) => (i + 1) / steps).map((part) => ({
      type: 'pointerMove', x: Math.round(from.x + (to.x - from.x) * part), y: Math.round(from.y + (to.y - from.y) * part),
    }));
  }

  get mouse() {
    const act = (...actions) => this.#perform('pointer', 'mouse', actions);
    return {
      move: (x, y, { steps } = {}) => act(...this.#moves(x, y, steps)),
      down: () => act({ type: 'pointerDown', button: 0 }),
      up: () => act({ type: 'pointerUp', button: 0 }),
      click: (x, y, { button } = {}) => {
        const number = button === 'right' ? 2 : 0;
        return act(...this.#moves(x, y), { type: 'pointerDown', button: number }, { type: 'pointerUp', button: number });
      },
    };
  }

  get keyboard() {
    return {
      /** A key, or several at once: "Control+v". */
      press: (keys) => {
        const values = keys.split('+').map((key) => KEYS[key] ?? key);
        const actions = [...values.map((value) => ({ type: 'keyDown', value })), ...values.toReversed().map((value) => ({ type: 'keyUp', value }))];
        return this.#perform('key', 'keys', actions);
      },
    };
  }
}
