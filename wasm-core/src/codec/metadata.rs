//! Metadata of a picture file: colour profile, Exif, text chunks, XMP.

use super::format::Format;
use super::xmp;
use image::metadata::Orientation;
use img_parts::jpeg::Jpeg;
use img_parts::png::{Png, PngChunk};
use img_parts::webp::WebP;
use img_parts::{Bytes, ImageEXIF, ImageICC};

/// PNG chunks that define the colours or describe the picture, and stay true after an edit. Those that define colours come first.
const PNG_CHUNKS: [[u8; 4]; 9] =
    [*b"sRGB", *b"gAMA", *b"cHRM", *b"cICP", *b"pHYs", *b"tEXt", *b"zTXt", *b"iTXt", *b"tIME"];
/// Number of those that define the colours.
const PNG_COLOUR_CHUNKS: usize = 4;

/// The metadata that is carried over from the source, and a note of the edit.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// ICC profile of RGB values.
    pub icc: Option<Vec<u8>>,
    /// Whether the source has a profile for another colour model (CMYK, grey), which does not fit the RGB values that are written.
    pub foreign_profile: bool,
    /// Exif as a TIFF structure, with upright orientation (1) and without the thumbnail, which would still show what was erased.
    pub exif: Option<Vec<u8>>,
    /// Chunks of a PNG that are carried over: type and contents.
    pub png_chunks: Vec<([u8; 4], Vec<u8>)>,
    /// XMP packet, such as [`edit_note`](super::edit_note) makes. Never that of the source: it describes the unedited picture (its history,
    /// sometimes a thumbnail with what was erased), and a file holds only one packet.
    pub xmp: Option<Vec<u8>>,
}

impl Metadata {
    /// Reads what is carried over from a file; nothing from files that cannot be understood.
    pub(super) fn read(format: Format, bytes: &[u8]) -> Self {
        let bytes = Bytes::copy_from_slice(bytes);
        let (icc, exif, png_chunks) = match format {
            Format::Jpeg => match Jpeg::from_bytes(bytes) {
                Ok(file) => (file.icc_profile(), file.exif(), vec![]),
                Err(_) => return Self::default(),
            },
            Format::Webp => match WebP::from_bytes(bytes) {
                Ok(file) => (file.icc_profile(), file.exif(), vec![]),
                Err(_) => return Self::default(),
            },
            Format::Png => match Png::from_bytes(bytes) {
                Ok(file) => {
                    let kept =
                        |c: &&PngChunk| PNG_CHUNKS.contains(&c.kind()) && !xmp::is_packet(c.kind(), c.contents());
                    let kept = file.chunks().iter().filter(kept);
                    let chunks = kept.map(|c| (c.kind(), c.contents().to_vec())).collect();
                    (file.icc_profile(), file.exif(), chunks)
                }
                Err(_) => return Self::default(),
            },
            Format::Gif | Format::Other => return Self::default(),
        };
        // The data colour space of an ICC profile stands at byte 16.
        let rgb = icc.as_ref().is_some_and(|b| b.get(16..20) == Some(b"RGB "));
        Self {
            foreign_profile: icc.is_some() && !rgb,
            icc: icc.filter(|_| rgb).map(|b| b.to_vec()),
            exif: exif.map(|b| cleaned_exif(b.to_vec())),
            png_chunks,
            xmp: None,
        }
    }

    /// Only what defines the colours.
    pub fn colours_only(&self) -> Self {
        let colour = |kind: &[u8; 4]| PNG_CHUNKS[..PNG_COLOUR_CHUNKS].contains(kind);
        Self {
            icc: self.icc.clone(),
            foreign_profile: self.foreign_profile,
            exif: None,
            png_chunks: self.png_chunks.iter().filter(|(kind, _)| colour(kind)).cloned().collect(),
            xmp: None,
        }
    }
}

/// Sets the orientation to upright and removes the thumbnail.
fn cleaned_exif(mut exif: Vec<u8>) -> Vec<u8> {
    // Some writers keep JPEG's `Exif\0\0` prefix in other containers.
    if exif.starts_with(b"Exif\0\0") {
        exif.drain(..6);
    }
    // Both return what they found; it does not matter if they found nothing.
    let _ = Orientation::remove_from_exif_chunk(&mut exif);
    let _ = drop_thumbnail(&mut exif);
    exif
}

/// Blanks the thumbnail of a TIFF structure and unlinks its directory (IFD1). Malformed data is left alone.
fn drop_thumbnail(tiff: &mut [u8]) -> Option<()> {
    let little = match tiff.get(..4)? {
        [b'I', b'I', 42, 0] => true,
        [b'M', b'M', 0, 42] => false,
        _ => return None,
    };
    let short = |tiff: &[u8], at: usize| -> Option<usize> {
        let b: [u8; 2] = tiff.get(at..at + 2)?.try_into().ok()?;
        Some(usize::from(if little { u16::from_le_bytes(b) } else { u16::from_be_bytes(b) }))
    };
    let long = |tiff: &[u8], at: usize| -> Option<usize> {
        let b: [u8; 4] = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some((if little { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) }) as usize)
    };
    let ifd0 = long(tiff, 4)?;
    let link = ifd0.checked_add(2 + 12 * short(tiff, ifd0)?)?;
    let ifd1 = long(tiff, link)?;
    tiff.get_mut(link..link + 4)?.fill(0);
    if ifd1 == 0 {
        return Some(());
    }
    // JPEGInterchangeFormat (0x0201) and JPEGInterchangeFormatLength (0x0202) locate the thumbnail.
    let (mut start, mut length) = (None, None);
    for entry in 0..short(tiff, ifd1)? {
        let at = ifd1 + 2 + 12 * entry;
        match short(tiff, at)? {
            0x0201 => start = long(tiff, at + 8),
            0x0202 => length = long(tiff, at + 8),
            _ => {}
        }
    }
    let (start, length) = (start?, length?);
    tiff.get_mut(start..start.checked_add(length)?)?.fill(0);
    Some(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Big-endian TIFF with orientation 6 in IFD0 and a four-byte thumbnail linked from IFD1.
    pub(in super::super) fn exif_with_thumbnail() -> Vec<u8> {
        let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
        tiff.extend([0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]); // one entry: orientation 6
        tiff.extend([0, 0, 0, 26]); // IFD1 at 26
        tiff.extend([0, 2]);
        tiff.extend([0x02, 0x01, 0, 4, 0, 0, 0, 1, 0, 0, 0, 56]);
        tiff.extend([0x02, 0x02, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4]);
        tiff.extend([0, 0, 0, 0]);
        tiff.extend([9, 9, 9, 9]);
        tiff
    }

    #[test]
    fn saved_exif_is_upright_and_has_no_thumbnail_of_what_was_erased() {
        let clean = cleaned_exif(exif_with_thumbnail());
        assert_eq!(Orientation::from_exif_chunk(&clean), Some(Orientation::NoTransforms));
        assert_eq!(clean[22..26], [0; 4], "IFD1 is unlinked");
        assert_eq!(clean[56..60], [0; 4], "the thumbnail is blank");
    }

    #[test]
    fn malformed_exif_is_survived() {
        let exif = exif_with_thumbnail();
        for cut in 0..exif.len() {
            cleaned_exif(exif[..cut].to_vec());
        }
        for at in 0..exif.len() {
            let mut hostile = exif.clone();
            hostile[at] = 0xFF;
            cleaned_exif(hostile);
        }
    }
}
