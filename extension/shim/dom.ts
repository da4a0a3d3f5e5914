/** Short names for long ones of the DOM. They keep the script small that is injected into pages. */

import { call } from './native';

export const rectOf = (element: Element): DOMRect => call(element, 'getBoundingClientRect');

export const styleOf = (element: Element, pseudo?: string): CSSStyleDeclaration => getComputedStyle(element, pseudo);

export const isImg = (element: Element): element is HTMLImageElement => element instanceof HTMLImageElement;

export const isCanvas = (element: Element): element is HTMLCanvasElement => element instanceof HTMLCanvasElement;

export const isVideo = (element: Element): element is HTMLVideoElement => element instanceof HTMLVideoElement;

export const isSvgImage = (element: Element): element is SVGImageElement => element instanceof SVGImageElement;

/** Listens to several types of events, before the page's own listeners. Events that the page dispatches itself are ignored. */
export function on(target: EventTarget, types: string, heard: (event: any) => void, signal?: AbortSignal): void {
  const listener = (event: Event) => event.isTrusted && heard(event);
  for (const type of types.split(' ')) call(target, 'addEventListener', type, listener, { capture: true, passive: false, signal });
}

/** Calls `what` after `ms` milliseconds. A page can cancel timers and animation frames of every world by their numbers, but no tasks. */
export const later = (ms: number, what: () => void): unknown => scheduler.postTask(what, { delay: ms, priority: 'user-blocking' });

/** Calls `what` with the next animation frame, or after `ms` milliseconds where that does not come: in a hidden tab, or cancelled by the page. */
export function soon(ms: number, what: () => void): void {
  let waits = true;
  const once = () => {
    if (waits) what();
    waits = false;
  };
  requestAnimationFrame(once);
  later(ms, once);
}

/** Settles as `promise` does, or fulfils after `ms` milliseconds. */
export const within = (ms: number, promise?: Promise<unknown>): Promise<unknown> =>
  Promise.race([promise, new Promise<void>((done) => later(ms, done))]);

/** An image of this address, loaded, so that its size is known, and not decoded; rejects when there is none. */
export function loaded(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  return new Promise((done, failed) => {
    image.onload = () => done(image);
    image.onerror = () => failed('not loaded');
    image.src = url;
  });
}

/** An image of this address, loaded and decoded; rejects when it cannot be. */
export async function decoded(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** A new HTML element, also in documents that are not HTML. */
export const make = <K extends keyof HTMLElementTagNameMap>(name: K): HTMLElementTagNameMap[K] =>
  call(document, 'createElementNS', 'http://www.w3.org/1999/xhtml', name) as HTMLElementTagNameMap[K];
