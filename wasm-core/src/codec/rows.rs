//! The pixels of a PNG, written row by row: neither the file nor a copy of the pixels is ever in memory as a whole, the caller learns how far it
//! is and may stop it.

use super::metadata::Metadata;
use super::{comments, xmp};
use crate::pacer::{Pacer, Stage};
use crate::{Error, Result};
use png::chunk::{self, ChunkType};
use png::{Filter, Info};
use simd_adler32::Adler32;
use std::io::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Length in bytes of the chunks that hold the pixels.
const CHUNK: usize = 1 << 16;
/// How many rows share a filter where that is chosen quickly. To try all of them on each row takes twice as long as to compress it.
const SHARED: u32 = 16;
/// Bytes of pixels between two checkpoints.
const STRETCH: usize = 1 << 19;
/// Number of pixels above which a sample of the rows is compressed first, to learn what is worth the time.
const SAMPLED: u64 = 2_000_000;
/// How many bands of [`SHARED`] rows are the sample.
const BANDS: u32 = 8;
/// Longest block of a stream of deflate that is not compressed.
const BLOCK: usize = 65_535;

/// What a PNG is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// To be read soon and not kept.
    Quick,
    /// To be kept.
    Thorough,
}

/// How the rows become smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Not at all. What has the noise of a photograph would hardly become smaller, and whoever reads the file is done in half of the time.
    Stored,
    /// By one filter for a few rows, and codes that are always the same.
    Fast,
    /// By all means.
    Small,
}

pub(super) fn failed(error: impl std::fmt::Display) -> Error {
    Error::Encode(error.to_string())
}

/// Writes everything of a PNG that stands before its pixels.
fn png_header<'a>(
    mut info: png::Info<'a>,
    metadata: &'a Metadata,
    quick: bool,
    file: &'a mut dyn Write,
) -> Result<png::Writer<&'a mut dyn Write>> {
    info.icc_profile = metadata.icc.as_deref().map(Into::into);
    info.exif_metadata = metadata.exif.as_deref().map(Into::into);
    let mut encoder = png::Encoder::with_info(file, info).map_err(failed)?;
    encoder.set_compression(if quick { png::Compression::Fast } else { png::Compression::Balanced });
    let mut writer = encoder.write_header().map_err(failed)?;
    // Colour chunks have to stand before the pixels, and readers that stop there find the others as well.
    for (kind, contents) in &metadata.png_chunks {
        // A profile and the statement that there is none contradict each other.
        if kind != b"sRGB" || metadata.icc.is_none() {
            writer.write_chunk(ChunkType(*kind), contents).map_err(failed)?;
        }
    }
    for (kind, contents) in metadata.comments.iter().map(|comment| comments::png_text(comment)) {
        writer.write_chunk(ChunkType(kind), &contents).map_err(failed)?;
    }
    if let Some(packet) = &metadata.xmp {
        writer.write_chunk(ChunkType(*b"iTXt"), &xmp::png_text(packet)).map_err(failed)?;
    }
    Ok(writer)
}

/// Writes a PNG, each row of which `row` puts into its argument.
pub(super) async fn write_rows(
    info: Info<'_>,
    metadata: &Metadata,
    effort: Effort,
    file: &mut dyn Write,
    pacer: &dyn Pacer,
    mut row: impl FnMut(u32, &mut Vec<u8>),
) -> Result<()> {
    let way = way(&info, effort, &mut row)?;
    let (height, pixel) = (info.height, info.bytes_per_pixel());
    let mut writer = png_header(info, metadata, way != Way::Small, file)?;
    let mut stretches = Stretches::new(height, pacer);
    if way == Way::Stored {
        let mut stored = Stored::new(writer);
        let mut written = vec![];
        for y in 0..height {
            row(y, &mut written);
            stored.write(&[0])?;
            stored.write(&written)?;
            stretches.after(y, written.len()).await?;
        }
        return stored.finish();
    }
    let mut rows = writer.stream_writer_with_size(CHUNK).map_err(failed)?;
    let (mut written, mut before) = (vec![], vec![]);
    for y in 0..height {
        std::mem::swap(&mut written, &mut before);
        row(y, &mut written);
        if way == Way::Fast && y % SHARED == 1 {
            rows.set_filter(filter(&written, &before, pixel));
        }
        rows.write_all(&written).map_err(failed)?;
        stretches.after(y, written.len()).await?;
    }
    rows.finish().map_err(failed)?;
    writer.finish().map_err(failed)
}

/// What a computation gives that never waits.
pub(super) fn at_once<T>(computation: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(computation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::Encode("it waits".into())),
    }
}

/// What is worth the time. A sample of the rows tells it of large pictures.
fn way(info: &Info, effort: Effort, row: &mut impl FnMut(u32, &mut Vec<u8>)) -> Result<Way> {
    let is_large = u64::from(info.width) * u64::from(info.height) > SAMPLED && info.height > BANDS * SHARED;
    let mut sampled = |way| sampled(info, way, row);
    Ok(match effort {
        Effort::Quick if !is_large => Way::Fast,
        Effort::Thorough if !is_large => Way::Small,
        Effort::Quick => {
            let (before, after) = sampled(Way::Fast)?;
            if after * 2 > before { Way::Stored } else { Way::Fast }
        }
        Effort::Thorough => {
            let ((_, fast), (_, small)) = (sampled(Way::Fast)?, sampled(Way::Small)?);
            if small * 10 > fast * 9 { Way::Fast } else { Way::Small }
        }
    })
}

/// How many bytes a sample of the rows has before and after it is compressed.
fn sampled(info: &Info, way: Way, row: &mut impl FnMut(u32, &mut Vec<u8>)) -> Result<(usize, usize)> {
    let mut sample = Info::with_size(info.width, BANDS * SHARED);
    (sample.color_type, sample.bit_depth, sample.palette) = (info.color_type, info.bit_depth, info.palette.clone());
    let pixel = info.bytes_per_pixel();
    let (mut file, none, mut before) = (vec![], Metadata::default(), 0);
    let mut writer = png_header(sample, &none, way != Way::Small, &mut file)?;
    let mut rows = writer.stream_writer_with_size(CHUNK).map_err(failed)?;
    let (mut written, mut last) = (vec![], vec![]);
    for at in 0..BANDS * SHARED {
        let y = at / SHARED * (info.height / BANDS) + at % SHARED;
        std::mem::swap(&mut written, &mut last);
        row(y, &mut written);
        if way == Way::Fast && at % SHARED == 1 {
            rows.set_filter(filter(&written, &last, pixel));
        }
        before += written.len();
        rows.write_all(&written).map_err(failed)?;
    }
    rows.finish().map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok((before, file.len()))
}

/// Progress and checkpoints of a file that is written.
struct Stretches<'a> {
    height: u32,
    pacer: &'a dyn Pacer,
    since: usize,
    told: u64,
}

impl<'a> Stretches<'a> {
    fn new(height: u32, pacer: &'a dyn Pacer) -> Self {
        Self { height, pacer, since: 0, told: 0 }
    }

    /// The row `y` is written, which has so many bytes.
    async fn after(&mut self, y: u32, bytes: usize) -> Result<()> {
        self.since += bytes;
        if self.since < STRETCH {
            return Ok(());
        }
        self.since = 0;
        let percent = u64::from(y) * 100 / u64::from(self.height);
        if percent > self.told {
            self.told = percent;
            self.pacer.progress(Stage::Writing, percent as f32 / 100.0);
        }
        self.pacer.checkpoint().await
    }
}

/// Length of what stands before the bytes of a block.
const HEAD: usize = 5;

/// Pixels that are written as they are, in blocks of deflate, each in a chunk of its own.
struct Stored<'a> {
    writer: png::Writer<&'a mut dyn Write>,
    /// The chunk, with room for the head of the block.
    chunk: Vec<u8>,
    /// Where the block's head begins.
    head: usize,
    checksum: Adler32,
}

impl<'a> Stored<'a> {
    fn new(writer: png::Writer<&'a mut dyn Write>) -> Self {
        let mut chunk = Vec::with_capacity(CHUNK + 16);
        // A stream of zlib that is not compressed.
        chunk.extend([0x78, 0x01]);
        let head = chunk.len();
        chunk.extend([0; HEAD]);
        Self { writer, chunk, head, checksum: Adler32::new() }
    }

    /// Length of the block.
    fn length(&self) -> usize {
        self.chunk.len() - self.head - HEAD
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.checksum.write(bytes);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.length()));
            self.chunk.extend_from_slice(now);
            bytes = later;
            if self.length() == BLOCK {
                self.end_block(false)?;
            }
        }
        Ok(())
    }

    fn end_block(&mut self, is_last: bool) -> Result<()> {
        let length = self.length() as u16;
        let [low, high] = length.to_le_bytes();
        self.chunk[self.head..][..HEAD].copy_from_slice(&[u8::from(is_last), low, high, !low, !high]);
        if is_last {
            self.chunk.extend(self.checksum.finish().to_be_bytes());
        }
        self.writer.write_chunk(chunk::IDAT, &self.chunk).map_err(failed)?;
        self.chunk.clear();
        self.chunk.extend([0; HEAD]);
        self.head = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        self.end_block(true)?;
        self.writer.finish().map_err(failed)
    }
}

/// The filter that leaves the smallest differences in a row; `pixel` is the number of bytes of one pixel.
fn filter(row: &[u8], above: &[u8], pixel: usize) -> Filter {
    let mut sums = [0u64; 4];
    let size = |difference: u8| u64::from(difference.cast_signed().unsigned_abs());
    let earlier = row.iter().zip(above);
    for ((value, up), (left, corner)) in row.iter().zip(above).skip(pixel).zip(earlier) {
        let average = ((u16::from(*left) + u16::from(*up)) / 2) as u8;
        for (sum, guess) in sums.iter_mut().zip([*up, *left, average, paeth(*left, *up, *corner)]) {
            *sum += size(value.wrapping_sub(guess));
        }
    }
    let least = (0..4).min_by_key(|i| sums[*i]).unwrap_or(0);
    [Filter::Up, Filter::Sub, Filter::Avg, Filter::Paeth][least]
}

/// That of the neighbours which is nearest to what a plane through all three would give.
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, up, corner].map(i16::from);
    let [to_left, to_up, to_corner] = [(b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs()];
    if to_left <= to_up && to_left <= to_corner {
        left
    } else if to_up <= to_corner {
        up
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Metadata, Source, write_png};
    use super::*;
    use crate::pixels::Image;
    use crate::{Checkpoint, Unpaced};
    use std::cell::{Cell, RefCell};

    /// Above [`SAMPLED`].
    const SIDE: u32 = 1500;

    fn noise() -> Image {
        let byte = |i: usize| if i % 4 == 3 { 255 } else { (i.wrapping_mul(2_654_435_761) >> 13) as u8 };
        Image::new(SIDE, SIDE, (0..(SIDE * SIDE * 4) as usize).map(byte).collect()).unwrap()
    }

    fn drawing() -> Image {
        let at = |x: u32, y: u32| {
            if (x / 50 + y / 70).is_multiple_of(2) { [250, 250, 250, 255] } else { [20, 60, 120, 200] }
        };
        let places = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
        Image::new(SIDE, SIDE, places.flat_map(|(x, y)| at(x, y)).collect()).unwrap()
    }

    fn written(image: &Image, quick: bool) -> Vec<u8> {
        let mut file = vec![];
        at_once(write_png(image, &image.bounds().into(), &Metadata::default(), quick, &mut file, &Unpaced)).unwrap();
        file
    }

    #[test]
    fn large_pictures_come_back_whatever_is_worth_the_time() {
        let (noise, drawing) = (noise(), drawing());
        let bytes = (SIDE * SIDE * 3) as usize;
        for quick in [true, false] {
            for image in [&noise, &drawing] {
                let file = written(image, quick);
                // Checksums are compared by whoever decodes.
                assert_eq!(Source::inspect(&file).decode(&file).unwrap().as_ref(), Some(image));
            }
        }
        assert!((bytes..bytes * 1001 / 1000).contains(&written(&noise, true).len()), "noise is not compressed");
        let [quick, small] = [true, false].map(|quick| written(&drawing, quick).len());
        assert!(small < quick && quick < bytes / 20, "a drawing is, {small} and {quick} bytes");
        assert!(written(&noise, false).len() < bytes * 11 / 10);
    }

    /// Collects progress, and cancels at a checkpoint.
    #[derive(Default)]
    struct Until {
        checkpoint: Option<u32>,
        seen: Cell<u32>,
        told: RefCell<Vec<f32>>,
    }

    impl Pacer for Until {
        fn progress(&self, stage: Stage, done: f32) {
            assert_eq!(stage, Stage::Writing);
            self.told.borrow_mut().push(done);
        }

        fn checkpoint(&self) -> Checkpoint<'_> {
            self.seen.set(self.seen.get() + 1);
            let cancelled = self.checkpoint == Some(self.seen.get());
            Box::pin(async move { if cancelled { Err(Error::Cancelled) } else { Ok(()) } })
        }
    }

    #[test]
    fn progress_is_told_and_writing_can_be_stopped() {
        for (image, quick) in [(noise(), true), (drawing(), true), (drawing(), false)] {
            let told = Until::default();
            let write = |pacer| {
                at_once(write_png(&image, &image.bounds().into(), &Metadata::default(), quick, &mut vec![], pacer))
            };
            write(&told).unwrap();
            let told = told.told.borrow();
            assert!(
                told.len() > 5 && told.is_sorted() && told.iter().all(|done| (0.0..=1.0).contains(done)),
                "{told:?}"
            );
            let stopped = Until { checkpoint: Some(3), ..Until::default() };
            assert!(matches!(write(&stopped), Err(Error::Cancelled)));
            assert_eq!(stopped.seen.get(), 3);
        }
    }
}
