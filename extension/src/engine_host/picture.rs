//! One overlay's picture: its decoded pixels, and the fills that have been applied to them.

use super::canvas;
use super::failure::failure;
use super::model_store::Request;
use crate::browser::bitmap;
use crate::browser::bytes::{self, BlobWriter};
use crate::picture_size;
use crate::protocol::engine::{Encode, FileFormat, Opened, Purpose};
use crate::protocol::{Failure, Rect};
use gloo_timers::future::TimeoutFuture;
use wasm_core::codec::{self, Format, Metadata, Source, WebpCoding};
use wasm_core::inpaint::{Inpainting, Preview, Settings};
use wasm_core::pixels::{self, Image, Mask, Patch};
use wasm_core::{Error, GpuError, Pacer};
use web_sys::Blob;

// The engine accepts what the overlay accepts.
const _: () = assert!(pixels::MAX_PIXELS == picture_size::MAX_PIXELS);

/// How often the GPU may be lost during one job before it counts as broken.
const MAX_LOSSES: u32 = 6;
/// Pause between two attempts to open a GPU again, milliseconds.
const RECOVERY: u32 = 500;

/// See the module.
pub(super) struct Picture {
    source: Source,
    image: Image,
    /// The pixels that each fill wrote, and those that it replaced.
    fills: Vec<(Patch, Patch)>,
    /// How many of the fills are applied; the others have been undone.
    applied: usize,
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
            None => canvas::decode(file, source.keeps_colours(), source.format == Format::Jpeg).await?,
        };
        let mut picture = Self { source, image, fills: vec![], applied: 0 };
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
            draft,
        }
    }

    /// Fills what the mask covers with the built-in fill. Fills that were undone are forgotten.
    pub(super) async fn erase(
        &mut self,
        mask: Rect,
        coverage: Vec<u8>,
        seed: u32,
        pacer: &dyn Pacer,
    ) -> Result<(Rect, Blob), Failure> {
        let mask = Mask::new(to_engine(mask), coverage).map_err(failure)?;
        let patch = wasm_core::erase(&self.image, &mask, seed, pacer).await.map_err(failure)?;
        let packed = self.packed(&patch)?;
        self.lay(patch)?;
        Ok(packed)
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
    ) -> Result<(Rect, Blob), Failure> {
        let mask = Mask::new(to_engine(mask), coverage).map_err(failure)?;
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
        let patch = inpainting.finish().map_err(failure)?;
        let packed = self.packed(&patch)?;
        self.lay(patch)?;
        Ok(packed)
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
        self.fills.push((patch, before));
        self.applied = self.fills.len();
        Ok(())
    }

    /// Undoes or redoes fills until `fills` of them are applied.
    pub(super) fn rewind(&mut self, fills: usize) -> Result<(), Failure> {
        if fills > self.fills.len() {
            return Err(unexpected("there are not that many fills"));
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
    pub(super) async fn encode(&self, Encode { format, purpose, part, note }: Encode) -> Result<Blob, Failure> {
        let xmp = note.map(|note| codec::edit_note(&note.agent, &note.actions, note.trained));
        let all = &Metadata { xmp, ..self.source.metadata.clone() };
        let (image, mut file) = (&self.image, BlobWriter::default());
        let part = part.map_or(image.bounds(), to_engine);
        match (format, purpose) {
            (FileFormat::Png, Purpose::Page) => codec::write_png(image, part, &all.colours_only(), true, &mut file),
            (FileFormat::Png, Purpose::File) => codec::write_png(image, part, all, false, &mut file),
            (FileFormat::Jpeg, _) => codec::write_jpeg(image, all, self.source.jpeg.as_ref(), &mut file),
            (FileFormat::Webp, _) => {
                let data = match self.webp_coding() {
                    WebpCoding::Lossless => codec::encode_webp_lossless(image, all),
                    WebpCoding::Lossy { quality } => {
                        codec::with_metadata(canvas::encode_webp(image, quality).await?, all)
                    }
                };
                return bytes::blob(&data.map_err(failure)?, format.mime());
            }
        }
        .map_err(failure)?;
        file.finish(format.mime())
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

/// Decodes a patch that the overlay sent.
async fn decoded(rect: Rect, patch: &Blob) -> Result<Patch, Failure> {
    let data = bytes::read(patch).await?;
    let decoded = Source::inspect(&data).decode(&data).map_err(failure)?;
    let rgba = decoded.ok_or_else(|| unexpected("a patch is no PNG"))?.into_rgba();
    Ok(Patch { rect: to_engine(rect), rgba })
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

fn unexpected(detail: &str) -> Failure {
    Failure::Internal { detail: detail.into() }
}
