//! The blocks of a GIF (GIF89a specification), and the words in them.

use std::ops::Range;

/// Labels of extensions: a comment, and what a program has put in.
const COMMENT: u8 = 0xFE;
const PROGRAM: u8 = 0xFF;
/// Identifier of the program whose extension is an XMP packet.
const XMP: &[u8] = b"\x0BXMP DataXMP";

/// Visits the extensions of a file, each with its label and the range of its chain of blocks. Gives where the file ends; none where it is damaged or cut
/// short.
pub(super) fn extensions(file: &[u8], mut visit: impl FnMut(u8, Range<usize>)) -> Option<usize> {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + table(*file.get(10)?);
    loop {
        let label = match *file.get(at)? {
            0x21 => {
                at += 2;
                file.get(at - 1).copied()
            }
            0x2C => {
                at += 11 + table(*file.get(at + 9)?);
                None
            }
            0x3B => return Some(at + 1),
            _ => return None,
        };
        let start = at;
        // Blocks, each with its length in front, up to an empty one.
        while let length @ 1.. = usize::from(*file.get(at)?) {
            at += 1 + length;
        }
        if let Some(label) = label {
            visit(label, start..at);
        }
        at += 1;
    }
}

/// The comments of a file, and its XMP packet. What is damaged has those that stand before the damage.
pub(super) fn words(file: &[u8]) -> (Vec<Vec<u8>>, Option<&[u8]>) {
    let (mut comments, mut packet) = (vec![], None);
    extensions(file, |label, range| {
        let chain = &file[range];
        if label == COMMENT {
            comments.push(joined(chain));
        } else if label == PROGRAM && chain.starts_with(XMP) {
            // It is no chain of blocks. Bytes behind it, of which UTF-8 has none, make it look like one.
            let all = &chain[XMP.len()..];
            let end = all.windows(2).position(|pair| pair == [1, 0xFF]).unwrap_or(all.len());
            packet = packet.or(Some(&all[..end]));
        }
    });
    (comments, packet)
}

/// The contents of a chain of blocks.
fn joined(mut chain: &[u8]) -> Vec<u8> {
    let mut contents = vec![];
    while let Some((length, rest)) = chain.split_first() {
        let (block, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        contents.extend_from_slice(block);
        chain = rest;
    }
    contents
}
