//! Metadata of a picture file: colour profile, Exif, text chunks, comments, Photoshop's resources with IPTC, XMP.

use super::format::Format;
use super::png_text::{self, Cleaned};
use super::{comments, exif, gif_blocks, heif, jpeg, packet, resources, xmp};
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::Png;
use img_parts::webp::{CHUNK_XMP, WebP};
use img_parts::{Bytes, ImageEXIF, ImageICC};
use jpeg_encoder::PixelDensity;

/// PNG chunks of numbers that define the colours, or describe the picture and stay true after an edit. Those that define colours come first.
const PNG_CHUNKS: [[u8; 4]; 6] = [*b"sRGB", *b"gAMA", *b"cHRM", *b"cICP", *b"pHYs", *b"tIME"];
/// Number of those that define the colours.
const PNG_COLOUR_CHUNKS: usize = 4;
/// Length in bytes of the longest of them, cHRM.
const PNG_CHUNK_LENGTH: usize = 32;

/// Maximum length of a colour profile in bytes. Real ones are shorter; one that inflates to more is not real.
const MAX_PROFILE: usize = 4 << 20;

/// Maximum length of an Exif block in bytes. A JPEG holds 64 KiB of it, and no camera writes more than a few such segments.
const MAX_EXIF: usize = 4 << 20;

/// The metadata that is carried over from the source, and a note of the edit.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// ICC profile of RGB values.
    pub icc: Option<Vec<u8>>,
    /// Whether the source has a profile for another colour model (CMYK, grey), which does not fit the RGB values that are written. The browser converts
    /// its values to sRGB, and nothing else that the file says of its colours holds any longer.
    pub foreign_profile: bool,
    /// Pixel density of a JPEG, or the shape of its pixels.
    pub density: Option<PixelDensity>,
    /// Exif as a TIFF structure, with upright orientation (1) and without previews, which would still show what was erased.
    pub exif: Option<Vec<u8>>,
    /// Chunks of a PNG that are carried over, without previews: type and contents.
    pub png_chunks: Vec<([u8; 4], Vec<u8>)>,
    /// Comments, in no certain encoding. A WebP holds none.
    pub comments: Vec<Vec<u8>>,
    /// Photoshop's image resources, with IPTC among them, without previews. A JPEG holds them.
    pub resources: Option<Vec<u8>>,
    /// XMP packet: that of the source without previews, or a note of the edit, or both. A file holds only one.
    pub xmp: Option<Vec<u8>>,
}

impl Metadata {
    /// Reads what is carried over from a file; nothing from files that cannot be understood.
    pub(super) fn read(format: Format, bytes: &[u8]) -> Self {
        let bytes = Bytes::copy_from_slice(bytes);
        let read = match format {
            Format::Jpeg => Jpeg::from_bytes(bytes)
                .map(|file| Self::common(&file, file.icc_profile()).with_segments(file.segments())),
            Format::Webp => WebP::from_bytes(bytes).map(|file| Self {
                xmp: file.chunk_by_id(CHUNK_XMP).and_then(|chunk| packet::cleaned(chunk.content().data()?)),
                ..Self::common(&file, file.icc_profile())
            }),
            Format::Png => {
                Png::from_bytes(bytes).map(|file| Self::common(&file, png_profile(&file)).with_chunks(&file))
            }
            Format::Gif => {
                let (words, packet) = gif_blocks::words(&bytes);
                return Self {
                    comments: comments::cleaned(words),
                    xmp: packet.and_then(packet::cleaned),
                    ..Self::default()
                };
            }
            Format::Other => {
                let heif::Items { exif, xmp } = heif::items(&bytes);
                return Self {
                    exif: cleaned_exif(exif),
                    xmp: xmp.as_deref().and_then(packet::cleaned),
                    ..Self::default()
                };
            }
        };
        read.unwrap_or_default()
    }

    /// What is read alike from all formats: colour profile and Exif.
    fn common(file: &impl ImageEXIF, icc: Option<Bytes>) -> Self {
        let icc = icc.filter(|icc| icc.len() <= MAX_PROFILE);
        // The data colour space of an ICC profile stands at byte 16.
        let rgb = icc.as_ref().is_some_and(|b| b.get(16..20) == Some(b"RGB "));
        Self {
            foreign_profile: icc.is_some() && !rgb,
            icc: icc.filter(|_| rgb).map(|b| b.to_vec()),
            exif: cleaned_exif(file.exif().map(|block| block.to_vec())),
            ..Self::default()
        }
    }

    /// Adds what the segments of a JPEG hold.
    fn with_segments(mut self, segments: &[JpegSegment]) -> Self {
        let contents = |marker: u8, header: &'static [u8]| {
            let of = segments.iter().filter(move |segment| segment.marker() == marker);
            of.filter_map(move |segment| segment.contents().strip_prefix(header))
        };
        self.density = segments.iter().find_map(jpeg::density);
        self.comments = comments::cleaned(contents(markers::COM, b"").map(<[u8]>::to_vec));
        // One resource may go on in the next segment.
        self.resources = resources::cleaned(&contents(markers::APP13, resources::HEADER).collect::<Vec<_>>().concat());
        self.xmp = contents(markers::APP1, xmp::JPEG_HEADER).next().and_then(packet::cleaned);
        self
    }

    /// Adds what the chunks of a PNG hold.
    fn with_chunks(mut self, file: &Png) -> Self {
        let mut room = png_text::LIMIT;
        let kept = if self.foreign_profile { &PNG_CHUNKS[PNG_COLOUR_CHUNKS..] } else { &PNG_CHUNKS };
        for chunk in file.chunks() {
            let (kind, contents) = (chunk.kind(), chunk.contents());
            if kept.contains(&kind) && contents.len() <= PNG_CHUNK_LENGTH {
                self.png_chunks.push((kind, contents.to_vec()));
            } else if matches!(&kind, b"tEXt" | b"zTXt" | b"iTXt") {
                match png_text::cleaned(kind, contents, &mut room) {
                    Some(Cleaned::Chunk(contents)) => self.png_chunks.push((kind, contents)),
                    Some(Cleaned::Exif(block)) => self.exif = self.exif.or(Some(block)),
                    Some(Cleaned::Packet(packet)) => self.xmp = self.xmp.or(Some(packet)),
                    None => {}
                }
            }
        }
        self
    }

    /// With a note of the edit, in place of what the packet of the source says of how it was made. `actions` are those of the program
    /// `software_agent`, in their order; `trained` says that a model took part.
    pub fn with_edit_note(self, software_agent: &str, actions: &[String], trained: bool) -> Self {
        let source = self.xmp.as_deref();
        let both = source
            .and_then(|packet| packet::with_description(packet, &xmp::description(software_agent, actions, trained)));
        Self { xmp: both.or_else(|| Some(xmp::edit_note(software_agent, actions, trained))), ..self }
    }

    /// For the picture as it is written: of this size, pixels; `lies` says that it was turned by a quarter.
    pub fn fitting(mut self, width: u32, height: u32, lies: bool) -> Self {
        if let Some(exif) = &mut self.exif {
            exif::state_size(exif, width, height);
        }
        if lies {
            self.density =
                self.density.map(|PixelDensity { density: (x, y), unit }| PixelDensity { density: (y, x), unit });
            for (_, contents) in self.png_chunks.iter_mut().filter(|(kind, _)| kind == b"pHYs") {
                if let Some(both) = contents.get_mut(..8) {
                    both.rotate_left(4);
                }
            }
        }
        self
    }

    /// Only what defines the colours.
    pub fn colours_only(&self) -> Self {
        let colour = |kind: &[u8; 4]| PNG_CHUNKS[..PNG_COLOUR_CHUNKS].contains(kind);
        Self {
            icc: self.icc.clone(),
            foreign_profile: self.foreign_profile,
            png_chunks: self.png_chunks.iter().filter(|(kind, _)| colour(kind)).cloned().collect(),
            ..Self::default()
        }
    }
}

/// What stays of an Exif block.
fn cleaned_exif(block: Option<Vec<u8>>) -> Option<Vec<u8>> {
    block.filter(|block| block.len() <= MAX_EXIF).and_then(exif::cleaned)
}

/// The colour profile of a PNG: a name that ends with a zero, the method of compression, of which there is one, and a compressed profile.
fn png_profile(file: &Png) -> Option<Bytes> {
    let contents = file.chunk_by_type(*b"iCCP")?.contents();
    let name = contents.iter().position(|byte| *byte == 0)?;
    png_text::inflated(contents.get(name + 2..)?, MAX_PROFILE).map(Bytes::from)
}
