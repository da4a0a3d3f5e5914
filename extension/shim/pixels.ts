import { isBlank } from './canvas';
import { isCanvas, isImg, isSvgImage, isVideo, loaded, within } from './dom';
import { call, get } from './native';
import { refuse, unreadable } from './refusal';
import { absolute, isOwn, isStill, type Found } from './target';
import type { Reply } from './channel';

/** Maximum time in milliseconds to wait for a picture that is still loading. */
const PATIENCE = 10_000;

/** The largest picture, in pixels and in pixels of a side, that is decoded here; see `extension/src/picture_size/sides.rs`. */
const MAX_PIXELS = 120_000_000;
const MAX_SIDE = 65_535;

/** Step 1 of the ladder: reads what the element itself holds. */
export async function readDirect(found: Found): Promise<Reply> {
  const { element } = found;
  if (isCanvas(element)) return readCanvas(element, found.tainted);
  if (isVideo(element)) {
    // Frames of protected video (DRM) can be drawn, but are black.
    return element.mediaKeys ? unreadable('protected') : drawn(element);
  }
  /** Whether it still is the picture that was chosen. */
  const displays = () => isDrawn(found) && isStill(found);
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
  return readShown(found);
}

/** Whether the element can be drawn, and what is drawn is the picture. */
const isDrawn = ({ element, property }: Found): boolean => (isImg(element) || isSvgImage(element)) && !property;

/** The pixels that are shown, whatever a server gives when it is asked again. */
export const readShown = async (found: Found): Promise<Reply> =>
  drawn(isDrawn(found) && isStill(found) ? (found.element as HTMLImageElement) : await loaded(found.source).catch(unreadable));

/** Largest number of pixels at which pictures are compared. */
const COMPARED = 500_000;

/** How much a value of a pixel may differ in two copies of one picture: they are decoded in different ways. */
const NOISE = 32;

/** Number of bytes from which two compressed pictures are one if they have the same number. */
const LONG = 1_000_000;

/**
 * Whether a file is as long as what this document loaded from its address. Lengths of large compressed pictures never agree by chance, and those
 * are the ones that take long to be decoded for a comparison. Without compression, all pictures of a size are as long.
 */
function isAsLong(url: string, file: Blob, pixels: number): boolean {
  const loads = performance.getEntriesByName(url) as PerformanceResourceTiming[];
  return file.size >= LONG && file.size < pixels && loads.length > 0 && loads.every(({ decodedBodySize }) => decodedBodySize === file.size);
}

/**
 * Whether what was fetched are the very bytes that the element shows: they came out of the browser's cache, which this document has filled at most
 * once from the network. Then nothing has to be decoded for a comparison.
 */
function isCached(url: string): boolean {
  const loads = performance.getEntriesByName(url) as PerformanceResourceTiming[];
  const last = loads.at(-1);
  // A service worker answers what it likes; of other sites, all sizes are 0.
  return !!last?.decodedBodySize && !last.transferSize && !last.workerStart && loads.filter(({ transferSize }) => transferSize).length < 2;
}

/**
 * Whether a file holds the picture that the element shows. A second request may bring another one: of a camera, say, or one that is made for whom it thinks
 * has asked. True where that cannot be said.
 */
export async function isShown(found: Found, file: Blob): Promise<boolean> {
  if (!isImg(found.element) || !isDrawn(found) || !isStill(found) || /svg/.test(file.type) || isCached(found.source)) return true;
  if (isAsLong(found.source, file, found.element.naturalWidth * found.element.naturalHeight) || isTooLarge(await sizeOf(found.element))) return true;
  const both = [found.element, file].map((source) => createImageBitmap(source).catch(() => undefined));
  const [shown, got] = await Promise.all(both);
  if (!shown || !got) return true;
  const { width, height } = shown;
  const scale = Math.min(1, Math.sqrt(COMPARED / (width * height)));
  const values = (bitmap: ImageBitmap) => {
    const canvas = new OffscreenCanvas(Math.ceil(width * scale), Math.ceil(height * scale));
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return context.getImageData(0, 0, canvas.width, canvas.height).data;
  };
  if (got.width !== width || got.height !== height) return false;
  try {
    const [a, b] = [values(shown), values(got)];
    return a.every((value, i) => Math.abs(value - b[i]!) <= NOISE);
  } catch {
    // The page must not read it.
    return true;
  }
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

/** What the browser asks servers of images for: some answer it with another file than they give to scripts. */
const headers = { accept: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8' };

/** The bytes at an address, from the cache if it has them. Whether they are a picture is the overlay's business: types of servers are often wrong. */
async function load(url: string, credentials: RequestCredentials): Promise<Reply> {
  const response = await fetch(url, { credentials, headers, cache: 'force-cache' });
  const blob = await response.blob();
  if (!response.ok || !blob.size) unreadable(`${response.status} ${blob.type}`);
  return [{ reply: 'bytes', drawn: false }, blob];
}

/** What can be drawn. */
type Drawable = HTMLImageElement | SVGImageElement | HTMLVideoElement;

const isTooLarge = ([width, height]: readonly [number, number]): boolean => Math.max(width, height) > MAX_SIDE || width * height > MAX_PIXELS;

/** The size of a picture in its own pixels, without decoding it: an SVG image does not tell its own, nor does an element whose source has a density. */
async function sizeOf(source: Drawable): Promise<readonly [number, number]> {
  if (isVideo(source)) return [source.videoWidth, source.videoHeight];
  const url = isSvgImage(source) ? source.href.baseVal : source.currentSrc;
  const isDense = isSvgImage(source) || source.srcset || get(source, 'parentElement') instanceof HTMLPictureElement;
  // An address may have been revoked since.
  const image = (isDense && (await loaded(absolute(url)).catch(() => undefined))) || source;
  return isSvgImage(image) ? [0, 0] : [image.naturalWidth, image.naturalHeight];
}

/** The picture in its own resolution as a PNG. `naturalWidth` is not its width for sources with a density other than 1. */
async function drawn(source: Drawable): Promise<Reply> {
  const size = await sizeOf(source);
  if (isTooLarge(size)) refuse({ failure: 'too-large', width: size[0], height: size[1] });
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
