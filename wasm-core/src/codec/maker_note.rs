//! A camera maker's note in Exif, without pictures.
//!
//! Most notes are directories like those of TIFF, behind a header of a few bytes, with offsets that count from the block, from the note or from a
//! header inside of it. Where that fits, what the directories name is kept but for long values, and all else is blanked: what is shown by previews
//! is either such a value or named by an offset only. Of a long note that fits nothing, words are kept.

use super::previews::{self, BlankTiff};
use super::tiff_values::{PICTURE, is_text, number, size};
use std::ops::Range;

/// Where directories begin, in the notes of all makers known: behind at most a header of TIFF behind their name.
const MAX_HEADER: usize = 26;
/// Most entries of a directory.
const MAX_ENTRIES: usize = 512;
/// Most directories of a note: Olympus has nine, one for each part of the camera.
const MAX_DIRECTORIES: usize = 16;
/// Entries of Olympus's notes that lead to further directories.
const DIRECTORIES: [usize; 10] = [0x2010, 0x2020, 0x2030, 0x2031, 0x2040, 0x2050, 0x3000, 0x4000, 0x4500, 0x5000];
/// Entries with previews: those of Konica Minolta and Olympus, Casio, and Sony.
const PREVIEWS: [usize; 5] = [0x0081, 0x0100, 0x0280, 0x2000, 0x2001];
/// Length in bytes from which on a value of such an entry is a preview. Other makers have other things there.
const PREVIEW: usize = 64;
/// Entries with settings that are longer than most: Canon's (camera, focus, colours), Nikon's (shot, colours, lens, focus), Sony's, Pentax's.
const SETTINGS: [usize; 35] = [
    0x000D, 0x0026, 0x003C, 0x4001, 0x4002, 0x4005, 0x0091, 0x0097, 0x0098, 0x00B7, 0x0010, 0x0020, 0x0114, 0x2010,
    0x202A, 0x3000, 0x9050, 0x9400, 0x9401, 0x9402, 0x9403, 0x9404, 0x9405, 0x9406, 0x9407, 0x9408, 0x9409, 0x940A,
    0x940B, 0x940C, 0x940D, 0x940E, 0x9416, 0x0215, 0x003F,
];
/// Letters of a word, at least and at most: what is longer without an end may be a picture.
const WORD: Range<usize> = 5..65;

/// Blanks what may show the picture in a note that stands at an offset of its block, whose order of bytes is given.
pub(super) fn blank(note: &mut [u8], at: usize, little: bool, blank_tiff: BlankTiff) {
    if let Some(directory) = Directory::find(note, at, little) {
        directory.blank(note, blank_tiff);
    } else {
        previews::blank(note, 0, 0, blank_tiff);
        if note.iter().filter(|byte| **byte != 0).count() > PICTURE {
            blank_all_but_words(note);
        }
    }
}

fn blank_all_but_words(note: &mut [u8]) {
    let mut start = 0;
    for at in 0..=note.len() {
        if !note.get(at).is_some_and(|byte| (b' '..=b'~').contains(byte)) {
            if !WORD.contains(&(at - start)) {
                note[start..at].fill(0);
            }
            if let Some(byte) = note.get_mut(at) {
                *byte = 0;
            }
            start = at + 1;
        }
    }
}

/// A directory in a note.
struct Directory {
    /// Its place in the note.
    at: usize,
    little: bool,
    /// What is added to an offset to have a place in the note.
    base: isize,
}

impl Directory {
    /// The first directory of a note.
    fn find(note: &[u8], at: usize, little: bool) -> Option<Self> {
        (0..=MAX_HEADER)
            .step_by(2)
            .chain(after_header(note))
            .find_map(|start| [little, !little].into_iter().find_map(|little| Self::fitting(note, at, start, little)))
    }

    /// One that begins at a place, if most of its values lie in the note, wherever their offsets count from.
    fn fitting(note: &[u8], at: usize, start: usize, little: bool) -> Option<Self> {
        let count = entries(note, start, little)?.len();
        let end = start + 2 + 12 * count;
        let mut directory = Self { at: start, little, base: 0 };
        let values = directory.offsets(note);
        let signed = |place: usize| isize::try_from(place).unwrap_or(isize::MAX);
        let header = (0..start.min(MAX_HEADER))
            .find(|at| matches!(note[*at..], [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..]));
        // Programs that move a note do not always change its offsets.
        // Values follow the directory, most often behind a link to no other.
        let link = if note.get(end..end + 4) == Some(&[0; 4]) { 4 } else { 0 };
        let least = values.iter().map(|value| value.start).min();
        let moved = least.map(|least| signed(end + link) - signed(least));
        let bases = [header.map(signed), Some(-signed(at)), Some(0), Some(signed(start)), moved];
        let fits = |base: isize| {
            let is_inside =
                |value: &&Range<usize>| moved_by(value, base).is_some_and(|it| it.start >= end && it.end <= note.len());
            values.iter().filter(is_inside).count()
        };
        let (fitting, base) = bases
            .into_iter()
            .flatten()
            .map(|base| (fits(base), base))
            .rev()
            .max_by_key(|(fits, _)| *fits)
            .unwrap_or((0, 0));
        directory.base = base;
        // A few numbers fit by accident; then their values do not.
        let is_one =
            if count < 3 { !values.is_empty() && fitting == values.len() } else { 4 * fitting >= 3 * values.len() };
        is_one.then_some(directory)
    }

    /// The values that do not fit into their entry, by their offsets.
    fn offsets(&self, note: &[u8]) -> Vec<Range<usize>> {
        let entries = entries(note, self.at, self.little).unwrap_or_default();
        entries
            .iter()
            .filter(|entry| entry.length > 4)
            .map(|entry| entry.value..entry.value.saturating_add(entry.length))
            .collect()
    }

    /// Blanks all of a note that is not named by this directory and those that it leads to, and what may be a picture.
    fn blank(&self, note: &mut [u8], blank_tiff: BlankTiff) {
        let mut kept: Vec<_> = std::iter::once(0..self.at).collect();
        let (mut directories, mut next) = (vec![self.at], 0);
        while let Some(at) = directories.get(next).copied() {
            for entry in entries(note, at, self.little).unwrap_or_default() {
                let place = moved_by(&(entry.value..entry.value.saturating_add(entry.length)), self.base);
                let inside = place.filter(|place| place.end <= note.len());
                let leads = entry.kind == 13 || DIRECTORIES.contains(&entry.tag);
                let further = inside
                    .as_ref()
                    .map(|place| place.start)
                    .filter(|at| leads && entries(note, *at, self.little).is_some());
                match (further, inside) {
                    (Some(at), _) if directories.len() < MAX_DIRECTORIES && !directories.contains(&at) => {
                        directories.push(at);
                    }
                    (None, Some(place)) if entry.length > 4 && entry.stays(&note[place.clone()]) => kept.push(place),
                    _ => {}
                }
            }
            let count = entries(note, at, self.little).map_or(0, |entries| entries.len());
            kept.push(at..at + 2 + 12 * count);
            next += 1;
        }
        kept.sort_by_key(|range| range.start);
        let mut end = 0;
        for range in kept.into_iter().chain(std::iter::once(note.len()..note.len())) {
            if range.start > end {
                note[end..range.start].fill(0);
            }
            let start = range.start.max(end);
            if range.end > start {
                // Headers of TIFF stand before the directory.
                if start >= self.at {
                    previews::blank(&mut note[start..range.end], 0, 0, blank_tiff);
                }
                end = range.end;
            }
        }
    }
}

/// An entry of a directory.
struct Entry {
    tag: usize,
    kind: usize,
    /// Bytes of its values.
    length: usize,
    /// Offset of its values, or these.
    value: usize,
}

impl Entry {
    /// Whether its values, which do not fit into it, show nothing.
    fn stays(&self, values: &[u8]) -> bool {
        let is_bytes = matches!(self.kind, 1 | 6 | 7);
        let is_preview = is_bytes && PREVIEWS.contains(&self.tag) && self.length > PREVIEW;
        !is_preview && (self.length <= PICTURE || SETTINGS.contains(&self.tag) || is_text(values))
    }
}

/// The entries of the directory at a place. None where there is none.
fn entries(note: &[u8], at: usize, little: bool) -> Option<Vec<Entry>> {
    let count = number(note.get(at..at.checked_add(2)?)?, little);
    if !(1..=MAX_ENTRIES).contains(&count) {
        return None;
    }
    let bytes = note.get(at + 2..at + 2 + 12 * count)?;
    let entry = |bytes: &[u8]| {
        let [tag, kind] = [0, 2].map(|at| number(&bytes[at..at + 2], little));
        let [values, value] = [4, 8].map(|at| number(&bytes[at..at + 4], little));
        let length = values.saturating_mul(size(kind));
        (1..=13).contains(&kind).then_some(Entry { tag, kind, length, value })
    };
    bytes.chunks_exact(12).map(entry).collect()
}

/// Where the first directory is by a pointer in the header: Fujifilm's, and one of TIFF.
fn after_header(note: &[u8]) -> Option<usize> {
    let little = |at: usize| Some(number(note.get(at..at + 4)?, true));
    if note.starts_with(b"FUJIFILM") {
        return little(8);
    }
    let at =
        (0..MAX_HEADER).find(|at| matches!(note.get(*at..*at + 4), Some([b'I', b'I', 42, 0] | [b'M', b'M', 0, 42])))?;
    number(note.get(at + 4..at + 8)?, note[at] == b'I').checked_add(at)
}

/// A range in another count.
fn moved_by(range: &Range<usize>, base: isize) -> Option<Range<usize>> {
    Some(range.start.checked_add_signed(base)?..range.end.checked_add_signed(base)?)
}
