import { isBlank } from './canvas';
import { decoded, isCanvas, isImg, isSvgImage, isVideo, within } from './dom';
import { call } from './native';
import { refuse, unreadable } from './refusal';
import { isOwn, isStill, type Found } from './target';
import type { Reply } from './channel';

/** Maximum time in milliseconds to wait for a picture that is still loading. */
const PATIENCE = 10_000;

/** Step 1 of the ladder: reads what the element itself holds. */
export async function readDirect(found: Found): Promise<Reply> {
  const { element } = found;
  if (isCanvas(element)) return readCanvas(element, found.tainted);
  if (isVideo(element)) {
    // Frames of protected video (DRM) can be drawn, but are black.
    return element.mediaKeys ? unreadable('protected') : drawn(element);
  }
  /** Whether it still is the picture that was chosen. */
  const displays = () => (isImg(element) || isSvgImage(element)) && isStill(found);
  if (isImg(element) && displays()) {
    if (!element.complete) await within(PATIENCE, element.decode()).catch(() => 0);
    if (!element.naturalWidth) return element.complete && found.source ? isBroken(found.source) : isEmpty();
  }
  const url = found.source || isEmpty();
  const cors = call(element, 'getAttribute', 'crossorigin');
  if (isOwn(url) || cors !== null) {
    try {
      return await load(url, cors === 'use-credentials' ? 'include' : 'same-origin');
    } catch {
      // A `blob:` URL may have been revoked, or the server may refuse a second request, but the element still has the pixels.
    }
  }
  return drawn(displays() ? (element as HTMLImageElement) : await decoded(url).catch(unreadable));
}

/** Step 2 of the ladder: fetches the address as the page would. */
export const fetchSource = (found: Found): Promise<Reply> => load(found.source, 'omit').catch(unreadable);

/** The page's own file, of which an edit stands in the page. */
export const fetchOriginal = (url: string): Promise<Reply> =>
  (isOwn(url) ? load(url, 'same-origin') : Promise.reject('foreign')).catch(unreadable);

/** The page shows no picture, although it has done with loading: nothing came, or something that the browser does not decode. */
async function isBroken(url: string): Promise<never> {
  if (isOwn(url)) await load(url, 'same-origin').catch(() => refuse({ failure: 'not-loaded' }));
  return refuse(isOwn(url) ? { failure: 'undecodable', detail: 'shown as broken' } : { failure: 'not-loaded' });
}

const isEmpty = () => refuse({ failure: 'empty-image' });

/** The bytes at an address. Fails when they cannot be a picture: many servers refuse with a page of HTML. */
async function load(url: string, credentials: RequestCredentials): Promise<Reply> {
  const response = await fetch(url, { credentials, cache: 'force-cache' });
  const blob = await response.blob();
  // Data and blob URLs of a displayed picture are pictures, whatever type they declare.
  const named = /^(data|blob):/.test(url) || /^(image\/|$|.*octet-stream)/.test(blob.type);
  if (!response.ok || !blob.size || !named) unreadable(`${response.status} ${blob.type}`);
  return [{ reply: 'bytes', drawn: false }, blob];
}

/** The picture in its own resolution as a PNG. `naturalWidth` is not its width for sources with a density other than 1. */
async function drawn(source: HTMLImageElement | SVGImageElement | HTMLVideoElement): Promise<Reply> {
  let bitmap: ImageBitmap | undefined;
  try {
    bitmap = await createImageBitmap(source);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d')!.drawImage(bitmap, 0, 0);
    bitmap.close();
    return [{ reply: 'bytes', drawn: true }, await canvas.convertToBlob()];
  } catch (error) {
    bitmap?.close();
    return unreadable(error);
  }
}

/** The picture of a canvas, which it encodes itself, so that its colour space is kept. */
async function readCanvas(canvas: HTMLCanvasElement, tainted?: boolean): Promise<Reply> {
  if (!canvas.width || !canvas.height) isEmpty();
  try {
    if (tainted) throw 'tainted';
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done));
    // A WebGL canvas may clear its pixels once they are displayed.
    if (isBlank(canvas) && !canvas.getContext('2d')) throw 'blank';
    return [{ reply: 'bytes', drawn: true }, blob!];
  } catch (error) {
    // A canvas that holds pixels of another origin throws.
    return unreadable(error);
  }
}
