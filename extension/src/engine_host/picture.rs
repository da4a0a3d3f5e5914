//! One overlay's picture: its decoded pixels, and the fills that have been applied to them.

use super::canvas;
use super::failure::failure;
use super::model_store::Request;
use crate::browser::bitmap;
use crate::browser::bytes::{self, BlobWriter};
use crate::picture_size;
use crate::protocol::engine::{
    Convert, Encode, Encoded, FileFormat, Framing, Hiding, LeftOut, Opened, Purpose, Reading, Route, SaveAs,
};
use crate::protocol::{Corner, Cutout, Failure, Point, Rect};
use crate::wire::Answered;
use gloo_timers::future::TimeoutFuture;
use wasm_core::codec::{self, Extra, Format, JpegQuality, Metadata, Palette, Source, WebpCoding};
use wasm_core::fill;
use wasm_core::find::{self, Mark};
use wasm_core::inpaint::{Inpainting, Preview, Settings};
use wasm_core::pixels::{self, Image, Mask, Patch};
use wasm_core::select::{self, Selector};
use wasm_core::{Error, GpuError, Pacer, text};
use web_sys::Blob;

// The engine accepts what the overlay accepts.
const _: () = assert!(pixels::MAX_PIXELS == picture_size::MAX_PIXELS);

/// How often the GPU may be lost during one job before it counts as broken.
const MAX_LOSSES: u32 = 6;
/// Most pixels of a side of a WebP.
const WEBP_SIDE: u32 = 16_383;
/// Pause between two attempts to open a GPU again, milliseconds.
const RECOVERY: u32 = 500;

/// See the module.
pub(super) struct Picture {
    source: Source,
    image: Image,
    /// Its colours, where the file is one of few.
    palette: Option<Palette>,
    /// The file, where its samples have 16 bits.
    deep: Option<Blob>,
    /// The pixels that each fill wrote, and those that it replaced.
    fills: Vec<(Patch, Patch)>,
    /// How many of the fills are applied; the others have been undone.
    applied: usize,
    /// The picture as it is now, taken apart for clicks; none until it is prepared.
    selector: Option<Selector>,
}

/// A result.
pub(super) struct Made {
    /// The region that changed, and its pixels, encoded for the overlay.
    pub rect: Rect,
    pub patch: Blob,
    /// What looks like text in it is made up.
    pub invents_text: bool,
    /// How the built-in fill took the paint; a model knows of no marks.
    pub reading: Option<Reading>,
}

impl Picture {
    /// Decodes a file and applies `fills`: rectangles, each with its encoded patch among the blobs.
    pub(super) async fn open(blobs: &[Blob], fills: &[Rect]) -> Result<Self, Failure> {
        let (file, patches) = blobs.split_first().ok_or_else(|| unexpected("no picture came along"))?;
        bitmap::size(file).await?;
        let data = bytes::read(file).await?;
        let source = Source::inspect(&data);
        let decoded_here = match source.decode(&data) {
            // The browser may make something of a damaged file.
            Err(Error::Decode(_)) => None,
            other => other.map_err(failure)?,
        };
        drop(data);
        let image = match decoded_here {
            Some(image) => image,
            None => {
                let keeps_colours = source.keeps_colours() && source.says_colours();
                canvas::decode(file, keeps_colours, source.format == Format::Jpeg).await?
            }
        };
        let palette = source.is_of_few.then(|| Palette::of(&image)).flatten();
        let deep = source.is_deep.then(|| file.clone());
        let mut picture = Self { source, image, palette, deep, fills: vec![], applied: 0, selector: None };
        for (rect, patch) in fills.iter().zip(patches) {
            picture.lay(decoded(*rect, patch).await?)?;
        }
        Ok(picture)
    }

    /// The answer to the overlay that opened the picture. `draft` says whether an unfinished edit of it was kept.
    pub(super) fn opened(&self, draft: bool) -> Opened {
        Opened {
            width: self.image.width(),
            height: self.image.height(),
            format: self.native_format(),
            animated: self.source.animated,
            alpha: !self.image.is_opaque(),
            left_out: self.source.extra.map(|extra| match extra {
                Extra::GainMap => LeftOut::GainMap,
                Extra::Video => LeftOut::Video,
            }),
            draft,
        }
    }

    /// Fills what the mask covers with the built-in fill. Fills that were undone are forgotten.
    pub(super) async fn erase(
        &mut self,
        mask: Rect,
        coverage: Vec<u8>,
        seed: u32,
        route: Route,
        pacer: &dyn Pacer,
    ) -> Result<Made, Failure> {
        let mask = Mask::new(to_engine(mask), coverage).map_err(failure)?;
        let erased = wasm_core::erase_by(&self.image, &mask, seed, asked(route), pacer).await.map_err(failure)?;
        let reading = Reading {
            route: told(erased.reading.route),
            others: erased.reading.others.into_iter().map(told).collect(),
            made_up: erased.made_up,
        };
        let (rect, patch) = self.packed(&erased.patch)?;
        self.lay(erased.patch)?;
        Ok(Made { rect, patch, invents_text: erased.invents_text, reading: Some(reading) })
    }

    /// Hides what the mask covers.
    pub(super) async fn hide(
        &mut self,
        mask: Rect,
        coverage: Vec<u8>,
        by: Hiding,
        pacer: &dyn Pacer,
    ) -> Result<Made, Failure> {
        let mask = Mask::new(to_engine(mask), coverage).map_err(failure)?;
        let by = match by {
            Hiding::BlackOut => wasm_core::Hiding::BlackOut,
            Hiding::Pixelate => wasm_core::Hiding::Pixelate,
            Hiding::Blur => wasm_core::Hiding::Blur,
        };
        let hidden = wasm_core::hide(&self.image, &mask, by, pacer).await.map_err(failure)?;
        let (rect, patch) = self.packed(&hidden)?;
        self.lay(hidden)?;
        Ok(Made { rect, patch, invents_text: false, reading: None })
    }

    /// What loose paint leaves out: where it is, and its coverage.
    pub(super) async fn leftover(
        &self,
        mask: Rect,
        coverage: Vec<u8>,
        pacer: &dyn Pacer,
    ) -> Result<Option<(Rect, Vec<u8>)>, Failure> {
        let mask = Mask::new(to_engine(mask), coverage).map_err(failure)?;
        let found = wasm_core::leftover(&self.image, &mask, pacer).await.map_err(failure)?;
        Ok(found.as_ref().map(region))
    }

    /// Takes the picture apart for clicks, if that is not done.
    pub(super) async fn prepare_things(&mut self, pacer: &dyn Pacer) -> Result<(), Failure> {
        if self.selector.is_none() {
            self.selector = Some(Selector::new(&self.image, pacer).await.map_err(failure)?);
        }
        Ok(())
    }

    /// Frees what [`Self::prepare_things`] made.
    pub(super) fn forget_things(&mut self) {
        self.selector = None;
    }

    /// The thing at a place, or inside a rough circle: where it is, and its coverage.
    pub(super) async fn thing(
        &mut self,
        outline: &[Point],
        pacer: &dyn Pacer,
    ) -> Result<Option<(Rect, Vec<u8>)>, Failure> {
        let outline: Vec<(f64, f64)> = outline.iter().map(|point| (point.x, point.y)).collect();
        if let [_] = outline[..] {
            self.prepare_things(pacer).await?;
        }
        let found = match (&self.selector, &outline[..]) {
            (Some(selector), [place]) => selector.clicked(&self.image, *place),
            _ => select::enclosed(&self.image, &outline),
        };
        Ok(found.map_err(failure)?.map(|found| region(&select::with_rim(&found, &self.image))))
    }

    /// The words of each line of text, and one after the other which pixels belong to their strokes.
    pub(super) async fn text(&self, pacer: &dyn Pacer) -> Result<(Vec<Vec<Rect>>, Vec<u8>), Failure> {
        let (mut lines, mut strokes) = (vec![], vec![]);
        for line in text::find(&self.image, pacer).await.map_err(failure)? {
            pacer.checkpoint().await.map_err(failure)?;
            let mut words = vec![];
            for word in line.words {
                let found = text::glyphs(&self.image, &[(word, line.is_dark)]).map_err(failure)?;
                let Some((rect, coverage)) = found.as_ref().map(region) else { continue };
                words.push(rect);
                strokes.extend(coverage);
            }
            if !words.is_empty() {
                lines.push(words);
            }
        }
        Ok((lines, strokes))
    }

    /// What the mark that the mask covers looks like, and what was painted over it; none where nothing can be told from its surroundings.
    pub(super) async fn learn(
        &self,
        mask: Rect,
        coverage: Vec<u8>,
        pacer: &dyn Pacer,
    ) -> Result<Option<(Vec<u8>, (Rect, Vec<u8>))>, Failure> {
        let mask = Mask::new(to_engine(mask), coverage).and_then(|mask| mask.fitted(&self.image)).map_err(failure)?;
        let erased = wasm_core::erase(&self.image, &mask, 1, pacer).await.map_err(failure)?;
        // What was erased may reach beyond what was painted, where a mark does.
        let painted = region(&mask);
        let cut = Patch { rect: mask.rect(), rgba: self.with(&erased, mask.rect())? };
        Ok(Mark::between(&self.image, &cut).map(|mark| (mark.to_bytes(), painted)))
    }

    /// The pixels of `rect` as they would be with `patch`.
    fn with(&self, patch: &Patch, rect: pixels::Rect) -> Result<Vec<u8>, Failure> {
        let mut part = self.image.crop(rect).map_err(failure)?.rgba;
        for ((x, y), new) in patch.rect.places().zip(patch.rgba.chunks_exact(4)) {
            if (rect.x..rect.right()).contains(&x) && (rect.y..rect.bottom()).contains(&y) {
                let at = (y - rect.y) as usize * rect.width as usize + (x - rect.x) as usize;
                part[at * 4..][..4].copy_from_slice(new);
            }
        }
        Ok(part)
    }

    /// Where a mark is, which [`Self::learn`] learnt in another picture, and the coverage of what is to be painted there.
    pub(super) async fn find_mark(
        &self,
        (width, height): (u32, u32),
        mark: &[u8],
        painted: Vec<u8>,
        pacer: &dyn Pacer,
    ) -> Result<Option<(Rect, Vec<u8>)>, Failure> {
        let mark = Mark::from_bytes(width, height, mark).map_err(failure)?;
        let painted = Mask::new(pixels::Rect::of_size(width, height), painted).map_err(failure)?;
        let found = find::find(&mark, &self.image, pacer).await.map_err(failure)?;
        let laid = find::laid(&painted, &found, self.image.bounds()).map_err(failure)?;
        Ok(laid.as_ref().map(region))
    }

    /// Fills what the mask covers with a model. If the GPU is lost, it is opened again and the model continues from its last step.
    pub(super) async fn inpaint(
        &mut self,
        mask: Rect,
        coverage: Vec<u8>,
        settings: Settings,
        request: &Request<'_>,
        pacer: &dyn Pacer,
        mut seen: impl FnMut(Preview),
    ) -> Result<Made, Failure> {
        let mask = Mask::new(to_engine(mask), coverage).map_err(failure)?;
        let invents_text = wasm_core::lies_across_text(&self.image, &mask, pacer).await.map_err(failure)?;
        let mut inpainting = Inpainting::begin(&self.image, &mask, settings, pacer).await.map_err(failure)?;
        let mut losses = 0;
        loop {
            let mut lease = match request.lease(pacer).await {
                // A browser whose GPU process has just died needs a moment to start another.
                Err(Failure::Gpu { .. }) if (1..MAX_LOSSES).contains(&losses) => {
                    losses += 1;
                    TimeoutFuture::new(RECOVERY).await;
                    continue;
                }
                other => other?,
            };
            let (painter, options) = lease.model()?;
            match inpainting.go_on(painter, options, pacer, &mut seen).await {
                Ok(()) => break,
                Err(Error::Gpu(GpuError::DeviceLost(_))) if losses < MAX_LOSSES => losses += 1,
                Err(error) => return Err(failure(error)),
            }
        }
        let made = inpainting.finish().map_err(failure)?;
        let (rect, patch) = self.packed(&made)?;
        self.lay(made)?;
        Ok(Made { rect, patch, invents_text, reading: None })
    }

    /// Encodes a patch for the overlay: a PNG with the colour profile of the source, so that the patch matches its surroundings.
    fn packed(&self, patch: &Patch) -> Result<(Rect, Blob), Failure> {
        let pixels::Rect { x, y, width, height } = patch.rect;
        let pixels = Image::new(width, height, patch.rgba.clone()).map_err(failure)?;
        let png = codec::encode_png(&pixels, &self.source.metadata.colours_only(), true).map_err(failure)?;
        Ok((Rect { x, y, width, height }, bytes::blob(&png, FileFormat::Png.mime())?))
    }

    /// Whether any fill is applied, so that closing would lose something.
    pub(super) fn is_edited(&self) -> bool {
        self.applied > 0
    }

    /// Whether both were opened from the same file.
    pub(super) fn is_of_same_file(&self, other: &Self) -> bool {
        self.source.fingerprint == other.source.fingerprint
    }

    /// The applied fills, encoded for the overlay.
    pub(super) fn patches(&self) -> Result<(Vec<Rect>, Vec<Blob>), Failure> {
        self.fills[..self.applied].iter().map(|(patch, _)| self.packed(patch)).collect()
    }

    /// Applies an encoded patch on top of the first `fills` fills; the fills after them are forgotten.
    pub(super) async fn show_instead(&mut self, fills: usize, rect: Rect, patch: &Blob) -> Result<(), Failure> {
        let patch = decoded(rect, patch).await?;
        self.rewind(fills)?;
        self.lay(patch)
    }

    /// Applies a patch on top of the applied fills. Fills that were undone are forgotten.
    fn lay(&mut self, patch: Patch) -> Result<(), Failure> {
        self.fills.truncate(self.applied);
        let before = self.image.replace(&patch).map_err(failure)?;
        self.forget_things();
        self.fills.push((patch, before));
        self.applied = self.fills.len();
        Ok(())
    }

    /// Undoes or redoes fills until `fills` of them are applied.
    pub(super) fn rewind(&mut self, fills: usize) -> Result<(), Failure> {
        if fills > self.fills.len() {
            return Err(unexpected("there are not that many fills"));
        }
        if self.applied != fills {
            self.forget_things();
        }
        while self.applied > fills {
            self.applied -= 1;
            self.image.replace(&self.fills[self.applied].1).map_err(failure)?;
        }
        while self.applied < fills {
            self.image.replace(&self.fills[self.applied].0).map_err(failure)?;
            self.applied += 1;
        }
        Ok(())
    }

    /// Encodes the picture with its applied fills as a file.
    pub(super) async fn encode(&self, how: Encode, pacer: &dyn Pacer) -> Result<Blob, Failure> {
        let Encode { format, purpose, part, note, save_as, framing } = how;
        let all = match purpose {
            // What others can read says nothing of whoever edited it.
            Purpose::Share | Purpose::Page => self.source.metadata.colours_only(),
            Purpose::File | Purpose::Copy => match note {
                Some(note) => self.source.metadata.clone().with_edit_note(&note.agent, &note.actions, note.trained),
                None => self.source.metadata.clone(),
            },
        };
        let (quality, size) = save_as.map(|SaveAs { quality, width, height }| (quality, (width, height))).unzip();
        let framing = framing.map(|Framing { part, turns }| codec::Framing { part: to_engine(part), turns });
        let left = match &framing {
            Some(framing) => Some(framing.of(&self.image, pacer).await.map_err(failure)?),
            None => None,
        };
        let whole = left.as_ref().unwrap_or(&self.image);
        let size = size.filter(|size| *size != (whole.width(), whole.height()));
        let scaled = size.map(|size| pixels::scaled(whole, size)).transpose().map_err(failure)?;
        let image = scaled.as_ref().unwrap_or(whole);
        let all = &all.fitting(image.width(), image.height(), framing.as_ref().is_some_and(codec::Framing::lies));
        let mut file = BlobWriter::default();
        match (format, purpose) {
            (FileFormat::Png, Purpose::File | Purpose::Share) => {
                // A picture that is reduced has other colours than its source.
                let like_source = scaled.is_none().then_some(framing.as_ref());
                self.write_png(image, like_source, all, &mut file, pacer).await?;
            }
            (FileFormat::Png, Purpose::Page | Purpose::Copy) => {
                let part = part.map_or(image.bounds().into(), cutout);
                codec::write_png(image, &part, all, true, &mut file, pacer).await.map_err(failure)?;
            }
            (FileFormat::Jpeg, _) => {
                let own = self.source.jpeg.as_ref().map_or(JpegQuality::Usual, JpegQuality::Like);
                let quality = quality.flatten().map_or(own, JpegQuality::Of);
                codec::write_jpeg(image, all, quality, &mut file, pacer).map_err(failure)?;
            }
            (FileFormat::Webp, _) => return self.webp(image, all, quality.flatten()).await,
        }
        file.finish(format.mime())
    }

    /// Writes a PNG to be kept: with the depth and the few colours of its source, where it has them. `like_source` is none for a picture with other
    /// colours, else it tells what of the source is left.
    async fn write_png(
        &self,
        image: &Image,
        like_source: Option<Option<&codec::Framing>>,
        metadata: &Metadata,
        file: &mut BlobWriter,
        pacer: &dyn Pacer,
    ) -> Result<(), Failure> {
        if let Some((deep, framing)) = self.deep.as_ref().zip(like_source) {
            let source = bytes::read(deep).await?;
            if codec::write_png_deep(image, &source, framing, metadata, file, pacer).await.map_err(failure)? {
                return Ok(());
            }
        }
        match self.palette.as_ref().filter(|_| like_source.is_some()) {
            Some(palette) => codec::write_png_of_few(image, palette, metadata, file, pacer).await,
            None => codec::write_png(image, &image.bounds().into(), metadata, false, file, pacer).await,
        }
        .map_err(failure)
    }

    /// A WebP of this quality, 1 to 100; without, as its source suggests.
    async fn webp(&self, image: &Image, metadata: &Metadata, quality: Option<u8>) -> Result<Blob, Failure> {
        if image.width().max(image.height()) > WEBP_SIDE {
            return Err(Failure::WebpSide);
        }
        let coding = match quality {
            None => self.webp_coding(),
            Some(100..) => WebpCoding::Lossless,
            Some(quality) => WebpCoding::Lossy { quality: f32::from(quality) / 100.0 },
        };
        let data = match coding {
            WebpCoding::Lossless => codec::encode_webp_lossless(image, metadata),
            WebpCoding::Lossy { quality } => codec::with_metadata(canvas::encode_webp(image, quality).await?, metadata),
        };
        bytes::blob(&data.map_err(failure)?, FileFormat::Webp.mime())
    }

    fn webp_coding(&self) -> WebpCoding {
        match (self.source.webp, self.source.format) {
            (Some(coding), _) => coding,
            // A lossless copy of a lossy file would only be larger.
            (None, Format::Jpeg) => WebpCoding::Lossy { quality: 0.9 },
            (None, _) => WebpCoding::Lossless,
        }
    }

    fn native_format(&self) -> FileFormat {
        match self.source.format {
            Format::Jpeg => FileFormat::Jpeg,
            Format::Webp => FileFormat::Webp,
            Format::Png | Format::Gif | Format::Other => FileFormat::Png,
        }
    }
}

/// A route as the engine knows it.
fn asked(route: Route) -> fill::Route {
    match route {
        Route::Automatic => fill::Route::Automatic,
        Route::SeeThrough => fill::Route::SeeThrough,
        Route::OnlyMarks => fill::Route::OnlyMarks,
        Route::Everything => fill::Route::Everything,
    }
}

/// A reading as the overlay knows it.
fn told(route: fill::Route) -> Route {
    match route {
        fill::Route::SeeThrough => Route::SeeThrough,
        fill::Route::OnlyMarks => Route::OnlyMarks,
        _ => Route::Everything,
    }
}

/// Where a mask is, and its coverage.
fn region(mask: &Mask) -> (Rect, Vec<u8>) {
    let pixels::Rect { x, y, width, height } = mask.rect();
    let coverage = mask.rect().places().map(|(column, row)| mask.at(column, row)).collect();
    (Rect { x, y, width, height }, coverage)
}

/// Decodes a patch that the overlay sent.
async fn decoded(rect: Rect, patch: &Blob) -> Result<Patch, Failure> {
    let data = bytes::read(patch).await?;
    let decoded = Source::inspect(&data).decode(&data).map_err(failure)?;
    let rgba = decoded.ok_or_else(|| unexpected("a patch is no PNG"))?.into_rgba();
    Ok(Patch { rect: to_engine(rect), rgba })
}

/// A TIFF file as a PNG.
pub(super) async fn converted(file: &Blob) -> Answered<Convert> {
    bitmap::size(file).await?;
    let png = codec::tiff_as_png(&bytes::read(file).await?).map_err(failure)?;
    Ok((Encoded {}, [bytes::blob(&png, FileFormat::Png.mime())?]))
}

/// Encodes a preview for the overlay.
pub(super) fn small_png(preview: &Preview) -> Result<Blob, Failure> {
    let rgba = preview.rgb.chunks_exact(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255]).collect();
    let pixels = Image::new(preview.pixels, preview.pixels, rgba).map_err(failure)?;
    let png = codec::encode_png(&pixels, &Metadata::default(), true).map_err(failure)?;
    bytes::blob(&png, FileFormat::Png.mime())
}

fn to_engine(rect: Rect) -> pixels::Rect {
    pixels::Rect { x: rect.x, y: rect.y, width: rect.width, height: rect.height }
}

fn cutout(part: Cutout) -> pixels::Cutout {
    let corner = |Corner { x, y, across, down }: Corner| pixels::Corner { x, y, across, down };
    pixels::Cutout { rect: to_engine(part.rect), corners: part.corners.into_iter().map(corner).collect() }
}

fn unexpected(detail: &str) -> Failure {
    Failure::Internal { detail: detail.into() }
}
