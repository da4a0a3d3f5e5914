//! Text chunks of a PNG (PNG specification, third edition, 11.3.3) as they are saved with an edited picture.

use super::{exif, packet, paths, xmp};
use fdeflate::Decompressor;
use miniz_oxide::deflate::compress_to_vec_zlib;

/// Maximum length in bytes of all texts of a picture, uncompressed. Further texts are left out.
pub(super) const LIMIT: usize = 8 << 20;
/// Effort of compressing a text, of 10: what libpng uses.
const EFFORT: u8 = 6;
/// What keywords contain, in lower case, of texts that hold a preview or are the drawing that the picture was made from, and of further packets.
const LEFT_OUT: [&[u8]; 6] = [b"thumb", b"preview", b"xmp", b"mxfile", b"mxgraph", b"excalidraw"];
/// What keywords of profiles in hexadecimal begin with, as ImageMagick writes them.
const RAW_PROFILE: &[u8] = b"raw profile type ";
/// Elements by which an XMP packet is known under whatever keyword.
const PACKETS: [&[u8]; 2] = [b"<x:xmpmeta", b"<rdf:RDF"];

/// What a text chunk becomes.
pub(super) enum Cleaned {
    /// Contents of a chunk of the same type.
    Chunk(Vec<u8>),
    /// An Exif block, cleaned, which the text held in hexadecimal.
    Exif(Vec<u8>),
    /// An XMP packet, cleaned.
    Packet(Vec<u8>),
}

/// The text of a chunk, given by type and contents, without anything that still shows the unedited picture or where it lay. None when nothing of it
/// may stay, when it is damaged, and when it is longer than `room`, which it reduces.
pub(super) fn cleaned(kind: [u8; 4], contents: &[u8], room: &mut usize) -> Option<Cleaned> {
    let keyword_end = contents.iter().position(|byte| *byte == 0)?;
    let keyword = contents[..keyword_end].to_ascii_lowercase();
    if xmp::is_packet(kind, contents) {
        return packet_of(kind, contents, keyword_end, room).map(Cleaned::Packet);
    }
    if LEFT_OUT.iter().any(|part| has(&keyword, part)) || without_paths(&keyword) != keyword {
        return None;
    }
    let (head, compressed) = head(kind, contents, keyword_end)?;
    // A translation of the keyword, too.
    let mut text = text_of(contents.get(head..)?, compressed, room)?;
    let head = [&contents[..keyword_end], &without_paths(&contents[keyword_end..head])].concat();
    if PACKETS.iter().any(|element| has(&text, element)) {
        return None;
    }
    if keyword.starts_with(RAW_PROFILE) {
        match profile(&text)? {
            Cleaned::Chunk(cleaned) => text = cleaned,
            exif => return Some(exif),
        }
    } else {
        exif::blank(&mut text, b' ');
    }
    let text = if compressed { compress_to_vec_zlib(&text, EFFORT) } else { text };
    Some(Cleaned::Chunk([head, text].concat()))
}

/// The text, which may be compressed. None when it is damaged or longer than `room`, which it reduces.
fn text_of(contents: &[u8], compressed: bool, room: &mut usize) -> Option<Vec<u8>> {
    let text = if compressed { inflated(contents, *room)? } else { contents.to_vec() };
    *room = room.checked_sub(text.len())?;
    Some(text)
}

/// The XMP packet of a chunk, cleaned. It may stand there in hexadecimal.
fn packet_of(kind: [u8; 4], contents: &[u8], keyword_end: usize, room: &mut usize) -> Option<Vec<u8>> {
    let (head, compressed) = head(kind, contents, keyword_end)?;
    let text = text_of(contents.get(head..)?, compressed, room)?;
    let is_raw = contents[..keyword_end].to_ascii_lowercase().starts_with(RAW_PROFILE);
    packet::cleaned(&if is_raw { hexadecimal(&text)?.1 } else { text })
}

fn without_paths(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    paths::blank(&mut text);
    text
}

/// Length of what stands before the text, and whether the text is compressed.
fn head(kind: [u8; 4], contents: &[u8], keyword_end: usize) -> Option<(usize, bool)> {
    match &kind {
        b"tEXt" => Some((keyword_end + 1, false)),
        // The method, of which there is one.
        b"zTXt" => Some((keyword_end + 2, true)),
        _ => {
            // Whether it is compressed, how, a language and a translated keyword, both ended by a zero.
            let start = keyword_end + 3;
            let mut zeros = contents.get(start..)?.iter().enumerate().filter(|(_, byte)| **byte == 0);
            Some((start + zeros.nth(1)?.0 + 1, contents[keyword_end + 1] != 0))
        }
    }
}

/// Name and data of a profile in hexadecimal: an empty line, its name, its length, and lines of digits.
fn hexadecimal(text: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let mut lines = text.splitn(4, |byte| *byte == b'\n').skip(1);
    let (name, _, digits) = (lines.next()?, lines.next()?, lines.next()?);
    let digits: Vec<u8> = digits.iter().filter_map(|byte| Some(char::from(*byte).to_digit(16)? as u8)).collect();
    Some((name, digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()))
}

/// A profile in hexadecimal. Of those that are known, Exif becomes a block, Photoshop's resources and IPTC lose their previews, and colour profiles stay
/// as they are.
fn profile(text: &[u8]) -> Option<Cleaned> {
    let (name, mut data) = hexadecimal(text)?;
    if data.get(36..40) == Some(b"acsp") {
        return Some(Cleaned::Chunk(text.to_vec()));
    }
    if !data.starts_with(b"8BIM") && !data.starts_with(&[0x1C]) {
        return exif::cleaned(data).map(Cleaned::Exif);
    }
    exif::blank(&mut data, 0);
    let mut text = [b"\n", name, format!("\n{:8}\n", data.len()).as_bytes()].concat();
    for line in data.chunks(36) {
        text.extend(
            line.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| b"0123456789abcdef"[usize::from(digit)]),
        );
        text.push(b'\n');
    }
    Some(Cleaned::Chunk(text))
}

/// Uncompresses a zlib stream, whose checksum may be wrong. None when it is damaged, or longer than `limit` bytes.
pub(super) fn inflated(stream: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut decompressor = Decompressor::new();
    decompressor.ignore_adler32();
    let (mut from, mut to) = (0, 0);
    let mut data = vec![0; limit.min(1 << 14)];
    loop {
        let (read, written) = decompressor.read(&stream[from..], &mut data, to, true).ok()?;
        from += read;
        to += written;
        if decompressor.is_done() {
            data.truncate(to);
            return Some(data);
        }
        if to == data.len() {
            if to == limit {
                return None;
            }
            data.resize(limit.min(2 * to), 0);
        } else if read + written == 0 {
            return None;
        }
    }
}

fn has(data: &[u8], part: &[u8]) -> bool {
    data.windows(part.len()).any(|window| window == part)
}
