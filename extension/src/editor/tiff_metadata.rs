//! Takes metadata out of TIFF files (TIFF 6.0), whose pictures stay as they are. The file keeps its length, because its directories say at which
//! bytes of it everything lies: what no picture needs is written over with zeros, also what lies between and behind.
//!
//! Files of cameras ("raw") look like TIFF, but say in tags of their own how they are to be read: they are not understood.

use std::ops::Range;

/// Directories of a file, and parts of all of its pictures, at most: more is no file of people's.
const DIRECTORIES: usize = 4096;
const PARTS: usize = 1 << 20;
/// Bytes of a directory's entry.
const ENTRY: usize = 12;

/// What a picture's bytes are: tags of TIFF 6.0, its supplements and of ICC that decide how it looks. No other tag stays.
const OF_PICTURES: [u16; 53] = [
    254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 290, 291,
    292, 293, 296, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328, 332, 334, 336, 338, 339, 340,
    341, 347, 529, 530, 531, 532, 34675,
];
/// The kind of a picture (`NewSubfileType`), of which this bit says that it is a smaller copy of another one: a preview.
const KIND: u16 = 254;
const SMALLER: u32 = 1;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
/// Where the strips or tiles of a picture lie, and how long they are.
const PIECES: [(u16, u16); 2] = [(273, 279), (324, 325)];
/// Compressions of pictures: none, CCITT's three, LZW, JPEG, Deflate (two numbers), PackBits, JPEG 2000, LZMA, Zstandard, WebP.
const COMPRESSIONS: [u32; 13] = [1, 2, 3, 4, 5, 7, 8, 32773, 32946, 34712, 34925, 50000, 50001];
/// From black and white to CIE Lab. What sensors see has other numbers.
const PHOTOMETRICS: [u32; 10] = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10];
/// What metadata inside of a compressed piece begin with.
const INSIDE: [&[u8]; 3] = [b"Exif\0\0", b"http://ns.adobe.com/", b"Photoshop 3.0"];

/// The file without metadata and previews; none where it is not understood as a whole.
pub(super) fn cleaned(file: &[u8]) -> Option<Vec<u8>> {
    let reader = Reader { file, little: file.starts_with(b"II") };
    let pictures: Vec<Directory> = reader.directories()?.into_iter().filter(|picture| !picture.is_preview).collect();
    if pictures.is_empty() {
        return None;
    }
    let mut clean = vec![0; file.len()];
    for Range { start, end } in kept(&pictures)? {
        let part = file.get(start..end)?;
        if INSIDE.iter().any(|sign| part.windows(sign.len()).any(|bytes| bytes == *sign)) {
            return None;
        }
        clean[start..end].copy_from_slice(part);
    }
    clean[..4].copy_from_slice(&file[..4]);
    // Each directory says where the next one is.
    let mut link = 4;
    for picture in &pictures {
        reader.write(&mut clean, link, u32::try_from(picture.at).ok()?);
        link = picture.write(&reader, &mut clean)?;
    }
    reader.write(&mut clean, link, 0);
    Some(clean)
}

/// The bytes that pictures are made of, in order and without gaps between those that touch. None where a directory lies in something else.
fn kept(pictures: &[Directory]) -> Option<Vec<Range<usize>>> {
    let mut parts: Vec<(Range<usize>, bool)> = vec![(0..8, true)];
    for picture in pictures {
        parts.push((picture.at..picture.end, true));
        parts.extend(picture.parts.iter().map(|part| (part.clone(), false)));
    }
    parts.sort_unstable_by_key(|(part, _)| part.start);
    let mut merged: Vec<Range<usize>> = vec![];
    let (mut last, mut last_directory) = (0, 0);
    for (part, is_directory) in parts {
        if part.start < last_directory || is_directory && part.start < last {
            return None;
        }
        last = last.max(part.end);
        if is_directory {
            last_directory = part.end;
            // They are written anew.
            continue;
        }
        match merged.last_mut().filter(|before| before.end >= part.start) {
            Some(before) => before.end = before.end.max(part.end),
            None => merged.push(part),
        }
    }
    Some(merged)
}

/// What is known of one picture: the directory of its tags, at a place in the file.
struct Directory {
    at: usize,
    end: usize,
    is_preview: bool,
    /// Its entries that stay.
    entries: Vec<[u8; ENTRY]>,
    /// Where values lie that have no room in their entries, and strips and tiles.
    parts: Vec<Range<usize>>,
}

impl Directory {
    /// Writes it; gives where the place of the next one is to stand.
    fn write(&self, reader: &Reader, clean: &mut [u8]) -> Option<usize> {
        let count = u16::try_from(self.entries.len()).ok()?;
        let count = if reader.little { count.to_le_bytes() } else { count.to_be_bytes() };
        clean[self.at..self.at + 2].copy_from_slice(&count);
        let entries = self.entries.concat();
        let link = self.at + 2 + entries.len();
        clean[self.at + 2..link].copy_from_slice(&entries);
        Some(link)
    }
}

/// The values of an entry: how many of so many bytes each, and where the first one is.
#[derive(Clone, Copy)]
struct Values {
    at: usize,
    size: usize,
    count: usize,
}

/// Reads numbers in the order that the file's header names.
struct Reader<'a> {
    file: &'a [u8],
    little: bool,
}

impl Reader<'_> {
    fn number(&self, at: usize, bytes: usize) -> Option<u32> {
        let digits = self.file.get(at..at.checked_add(bytes)?)?.iter();
        let add = |number: u32, digit: &u8| number << 8 | u32::from(*digit);
        Some(if self.little { digits.rev().fold(0, add) } else { digits.fold(0, add) })
    }

    fn place(&self, at: usize) -> Option<usize> {
        usize::try_from(self.number(at, 4)?).ok()
    }

    fn write(&self, clean: &mut [u8], at: usize, number: u32) {
        clean[at..at + 4].copy_from_slice(&if self.little { number.to_le_bytes() } else { number.to_be_bytes() });
    }

    /// All pictures, in the order of the file.
    fn directories(&self) -> Option<Vec<Directory>> {
        let (mut all, mut at, mut parts) = (vec![], self.place(4)?, 0);
        while at != 0 {
            let picture = self.directory(at)?;
            parts += picture.parts.len();
            // A circle has no end.
            if all.len() == DIRECTORIES || parts > PARTS || all.iter().any(|other: &Directory| other.at == at) {
                return None;
            }
            at = self.place(picture.end - 4)?;
            all.push(picture);
        }
        Some(all)
    }

    fn directory(&self, at: usize) -> Option<Directory> {
        let count = self.number(at, 2)? as usize;
        let end = at + 2 + ENTRY * count + 4;
        let mut picture = Directory { at, end, is_preview: false, entries: vec![], parts: vec![] };
        let mut found = vec![];
        for entry in self.file.get(at + 2..end - 4)?.chunks_exact(ENTRY).enumerate() {
            let (number, bytes) = entry;
            let place = at + 2 + ENTRY * number;
            let tag = self.number(place, 2)? as u16;
            if !OF_PICTURES.contains(&tag) {
                continue;
            }
            let values = self.values(place)?;
            let length = values.size * values.count;
            let mut entry: [u8; ENTRY] = bytes.try_into().ok()?;
            if length > 4 {
                picture.parts.push(values.at..values.at + length);
            } else {
                // What follows a short value is nobody's.
                entry[8 + length..].fill(0);
            }
            picture.entries.push(entry);
            found.push((tag, values));
        }
        self.file.get(end - 4..end)?;
        let values = |tag: u16| found.iter().find(|(other, _)| *other == tag).map(|(_, values)| *values);
        let value = |tag| self.value(values(tag)?, 0);
        if !COMPRESSIONS.contains(&value(COMPRESSION).unwrap_or(1)) || !PHOTOMETRICS.contains(&value(PHOTOMETRIC)?) {
            return None;
        }
        picture.is_preview = value(KIND).is_some_and(|kind| kind & SMALLER != 0);
        let pieces = PIECES.iter().find_map(|(places, lengths)| Some((values(*places)?, values(*lengths)?)));
        let (places, lengths) = pieces.filter(|(places, lengths)| places.count == lengths.count)?;
        for number in 0..places.count {
            let start = self.value(places, number)? as usize;
            // The last piece may be cut, which readers forgive.
            let end = start.checked_add(self.value(lengths, number)? as usize)?.min(self.file.len());
            picture.parts.push((start <= end).then_some(start..end)?);
        }
        Some(picture)
    }

    /// The values of an entry, which lie in the file as a whole.
    fn values(&self, entry: usize) -> Option<Values> {
        let size = match self.number(entry + 2, 2)? {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => return None,
        };
        let count = usize::try_from(self.number(entry + 4, 4)?).ok()?;
        let length = count.checked_mul(size)?;
        let at = if length > 4 { self.place(entry + 8)? } else { entry + 8 };
        self.file.get(at..at.checked_add(length)?)?;
        Some(Values { at, size, count })
    }

    /// One of them, where it is a number of at most 4 bytes.
    fn value(&self, values: Values, number: usize) -> Option<u32> {
        (number < values.count && values.size <= 4)
            .then(|| self.number(values.at + number * values.size, values.size))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A tag, the number of its type, its values' bytes, and how many they are.
    type Tag = (u16, u16, Vec<u8>, u32);

    /// Writes files.
    struct Writer {
        file: Vec<u8>,
        little: bool,
        /// Where the place of the next directory stands.
        link: usize,
    }

    impl Writer {
        fn new(little: bool) -> Self {
            let head: &[u8] = if little { b"II\x2A\0\0\0\0\0" } else { b"MM\0\x2A\0\0\0\0" };
            Self { file: head.to_vec(), little, link: 4 }
        }

        fn short(&self, number: u16) -> Vec<u8> {
            if self.little { number.to_le_bytes().to_vec() } else { number.to_be_bytes().to_vec() }
        }

        fn long(&self, number: u32) -> Vec<u8> {
            if self.little { number.to_le_bytes().to_vec() } else { number.to_be_bytes().to_vec() }
        }

        fn data(&mut self, data: &[u8]) -> u32 {
            let at = self.file.len() as u32;
            self.file.extend_from_slice(data);
            at
        }

        /// A directory behind what is there; gives its place.
        fn directory(&mut self, tags: &[Tag]) -> u32 {
            let mut entries = vec![];
            for (tag, kind, value, count) in tags {
                let mut value = value.clone();
                if value.len() > 4 {
                    let at = self.data(&value);
                    value = self.long(at);
                }
                value.resize(4, 0);
                entries.extend([self.short(*tag), self.short(*kind), self.long(*count), value].concat());
            }
            let count = self.short(tags.len() as u16);
            self.data(&[count, entries, vec![0; 4]].concat())
        }

        /// A picture of two strips, with more tags; the next one of the file.
        fn picture(&mut self, kind: u32, strips: [&[u8]; 2], more: &[Tag]) {
            let places = strips.map(|strip| self.data(strip));
            let lengths = strips.map(|strip| strip.len() as u32);
            let longs = |numbers: [u32; 2]| numbers.map(|number| self.long(number)).concat();
            let mut tags = vec![
                (254, 4, self.long(kind), 1),
                (256, 3, self.short(4), 1),
                (257, 3, self.short(4), 1),
                (258, 3, [self.short(8), self.short(8), self.short(8)].concat(), 3),
                (259, 3, self.short(1), 1),
                (262, 3, self.short(2), 1),
                (273, 4, longs(places), 2),
                (274, 3, self.short(6), 1),
                (279, 4, longs(lengths), 2),
            ];
            tags.extend_from_slice(more);
            tags.sort_by_key(|(tag, ..)| *tag);
            let (link, at) = (self.link, self.directory(&tags));
            let place = self.long(at);
            self.file[link..link + 4].copy_from_slice(&place);
            self.link = self.file.len() - 4;
        }
    }

    /// What people write into files, each with the word that it is known by.
    fn told(writer: &mut Writer) -> Vec<Tag> {
        let gps = [(1, 2, b"N\0".to_vec(), 2), (2, 5, b"Testcam latitude........".to_vec(), 3)];
        let gps = writer.directory(&gps);
        let exif = writer.directory(&[(0x927C, 7, b"Testcam's own note".to_vec(), 18)]);
        let thumbnail = writer.data(b"Testcam preview");
        [
            (270, 2, b"Testcam\0".to_vec(), 8),
            (271, 2, b"Testcam\0".to_vec(), 8),
            (306, 2, b"Testcam 2024:01:01".to_vec(), 18),
            (330, 4, writer.long(thumbnail), 1),
            (700, 1, b"<x:xmpmeta>Testcam</x:xmpmeta>".to_vec(), 30),
            (33723, 7, b"IPTC Testcam".to_vec(), 12),
            (34377, 7, b"8BIM Testcam".to_vec(), 12),
            (34665, 4, writer.long(exif), 1),
            (34675, 7, b"the colour profile".to_vec(), 18),
            (34853, 4, writer.long(gps), 1),
        ]
        .to_vec()
    }

    fn tells(file: &[u8], word: &str) -> bool {
        file.windows(word.len()).any(|bytes| bytes == word.as_bytes())
    }

    /// What a reader finds: of each picture, its tags and the bytes of its strips.
    fn read(file: &[u8]) -> Vec<(usize, Vec<u8>)> {
        let reader = Reader { file, little: file.starts_with(b"II") };
        let all = reader.directories().expect("a whole file");
        all.iter()
            .map(|one| (one.entries.len(), one.parts.iter().flat_map(|part| file[part.clone()].to_vec()).collect()))
            .collect()
    }

    #[test]
    fn what_is_said_of_a_picture_goes_and_the_picture_stays() {
        for little in [true, false] {
            let mut writer = Writer::new(little);
            let more = told(&mut writer);
            writer.picture(0, [b"first strip of the picture", b"second"], &more);
            let preview = [b"Testcam's preview".as_slice(), b"."];
            writer.picture(1, preview, &[]);
            writer.picture(2, [b"another page", b"of it"], &more);
            writer.data(b"Testcam, behind the end");
            let clean = cleaned(&writer.file).expect("it is understood");
            assert_eq!(clean.len(), writer.file.len());
            assert!(tells(&writer.file, "Testcam") && !tells(&clean, "Testcam") && !tells(&clean, "IPTC"));
            let [mut first, _, last] = read(&writer.file).try_into().expect("three pictures");
            let found = read(&clean);
            assert_eq!(found, [first.clone(), last], "two pages with their strips and profiles, turned as they were");
            first.1.clear();
            assert_eq!(first.0, 10, "nine tags, and the profile");
            assert!(tells(&clean, "the colour profile") && tells(&clean, "first strip of the picture"));
            assert_eq!(cleaned(&clean), Some(clean), "twice is once");
        }
    }

    #[test]
    fn a_preview_that_comes_first_goes_as_well() {
        let mut writer = Writer::new(true);
        writer.picture(1, [b"Testcam's", b"preview"], &[]);
        writer.picture(0, [b"the", b"picture"], &[]);
        let clean = cleaned(&writer.file).expect("it is understood");
        assert_eq!(read(&clean).len(), 1);
        assert!(!tells(&clean, "Testcam") && tells(&clean, "picture"));
    }

    #[test]
    fn what_is_not_understood_is_not_said_to_be_clean() {
        let with = |more: &[Tag]| {
            let mut writer = Writer::new(true);
            writer.picture(0, [b"one", b"two"], more);
            writer.file
        };
        let plain = with(&[]);
        assert!(cleaned(&plain).is_some());
        assert_eq!(cleaned(&plain[..plain.len() - 6]), None, "cut");
        let at = plain.windows(4).position(|bytes| bytes == [3, 1, 3, 0]).expect("the compression") + 8;
        for compression in [6, 34713] {
            let mut raw = plain.clone();
            raw[at..at + 2].copy_from_slice(&u16::to_le_bytes(compression));
            assert_eq!(cleaned(&raw), None, "a camera's own, or what holds a whole JPEG");
        }
        let mut writer = Writer::new(true);
        writer.picture(0, [b"jpeg with Exif\0\0 inside", b"two"], &[]);
        assert_eq!(cleaned(&writer.file), None);
        let mut circle = plain.clone();
        let first = circle[4..8].to_vec();
        let last = circle.len() - 4;
        circle[last..].copy_from_slice(&first);
        assert_eq!(cleaned(&circle), None);
        // Its directory begins in its header.
        let mut within = plain;
        within[4..8].copy_from_slice(&[2, 0, 0, 0]);
        assert_eq!(cleaned(&within), None);
        for short in [&b"II\x2A\0"[..], b"MM\0\x2A\0\0\0\0", b"II\x2A\0\xFF\xFF\xFF\xFF"] {
            assert_eq!(cleaned(short), None);
        }
    }

    proptest! {
        #[test]
        fn pictures_stay_and_nothing_else(
            little: bool,
            pages in proptest::collection::vec((0..3u32, proptest::collection::vec(any::<u8>(), 1..40), any::<bool>()), 1..5),
        ) {
            let mut writer = Writer::new(little);
            for (kind, strip, tells) in &pages {
                let more = if *tells { told(&mut writer) } else { vec![] };
                writer.picture(*kind, [strip, b"end"], &more);
            }
            let wanted: Vec<_> = read(&writer.file).into_iter().zip(&pages).filter(|(_, (kind, ..))| kind & 1 == 0).map(|(one, _)| one).collect();
            match cleaned(&writer.file) {
                Some(clean) => {
                    prop_assert!(!tells(&clean, "Testcam"));
                    prop_assert_eq!(read(&clean), wanted);
                }
                None => prop_assert!(wanted.is_empty()),
            }
        }

        #[test]
        fn damaged_files_do_no_harm(little: bool, changes in proptest::collection::vec((0..700usize, any::<u8>()), 1..6), cut in 0..900usize) {
            let mut writer = Writer::new(little);
            let more = told(&mut writer);
            writer.picture(0, [b"first", b"second"], &more);
            writer.picture(0, [b"third", b"fourth"], &[]);
            let mut file = writer.file;
            for (at, byte) in changes {
                if let Some(it) = file.get_mut(at) {
                    *it = byte;
                }
            }
            file.truncate(cut.max(8));
            if let Some(clean) = cleaned(&file) {
                prop_assert_eq!(clean.len(), file.len());
                prop_assert_eq!(cleaned(&clean), Some(clean), "twice is once");
            }
        }
    }
}
