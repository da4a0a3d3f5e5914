//! Exif and XMP of an AVIF, or of another file in HEIF's container (ISO/IEC 14496-12, 23008-12).

/// Content type of an item that is an XMP packet.
const XMP: &[u8] = b"application/rdf+xml";

/// Exif and XMP as they stand in the file. What is damaged has none.
#[derive(Default)]
pub(super) struct Items {
    /// A TIFF structure.
    pub exif: Option<Vec<u8>>,
    /// A packet.
    pub xmp: Option<Vec<u8>>,
}

/// Bytes that are read from the front.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    /// A number of so many bytes, at most eight.
    fn number(&mut self, bytes: usize) -> Option<usize> {
        usize::try_from(self.take(bytes)?.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))).ok()
    }

    /// A text that a zero ends.
    fn text(&mut self) -> Option<&'a [u8]> {
        let text = self.take(self.0.iter().position(|byte| *byte == 0)?)?;
        self.take(1).map(|_| text)
    }

    /// Kind and contents of the next box.
    fn next_box(&mut self) -> Option<(&'a [u8], Self)> {
        let all = self.0.len();
        let (length, kind) = (self.number(4)?, self.take(4)?);
        let contents = match length {
            0 => self.0.len(),
            1 => self.number(8)?.checked_sub(16)?,
            _ => length.checked_sub(all - self.0.len())?,
        };
        Some((kind, Self(self.take(contents)?)))
    }

    /// Contents of the first box of a kind.
    fn find(mut self, wanted: &[u8]) -> Option<Self> {
        loop {
            let (kind, contents) = self.next_box()?;
            if kind == wanted {
                return Some(contents);
            }
        }
    }
}

/// Reads them.
pub(super) fn items(file: &[u8]) -> Items {
    read(file).unwrap_or_default()
}

fn read(file: &[u8]) -> Option<Items> {
    if file.get(4..8)? != b"ftyp" {
        return None;
    }
    let mut meta = Bytes(file).find(b"meta")?;
    // Version and flags.
    meta.take(4)?;
    let (exif, xmp) = numbers(meta.find(b"iinf")?)?;
    let places = Places { file, data: meta.find(b"idat").map(|data| data.0), all: meta.find(b"iloc")? };
    let exif = exif.and_then(|item| {
        let item = places.contents(item)?;
        // Where the structure begins behind this number.
        let mut block = Bytes(&item);
        let start = block.number(4)?;
        block.0.get(start..).map(<[u8]>::to_vec)
    });
    Some(Items { exif, xmp: xmp.and_then(|item| places.contents(item)) })
}

/// Numbers of the items that are Exif and XMP.
fn numbers(mut list: Bytes<'_>) -> Option<(Option<usize>, Option<usize>)> {
    let version = list.number(4)? >> 24;
    list.take(if version == 0 { 2 } else { 4 })?;
    let (mut exif, mut xmp) = (None, None);
    while let Some((_, mut item)) = list.next_box() {
        let version = item.number(4)? >> 24;
        let id = item.number(if version < 3 { 2 } else { 4 })?;
        item.take(2)?;
        match item.take(4)? {
            b"Exif" => exif = exif.or(Some(id)),
            b"mime" => {
                item.text()?;
                xmp = xmp.or((item.text()? == XMP).then_some(id));
            }
            _ => {}
        }
    }
    Some((exif, xmp))
}

/// Where the bytes of items lie.
struct Places<'a> {
    file: &'a [u8],
    /// Bytes that stand in the description itself.
    data: Option<&'a [u8]>,
    all: Bytes<'a>,
}

impl Places<'_> {
    /// The bytes of an item.
    fn contents(&self, wanted: usize) -> Option<Vec<u8>> {
        let mut all = self.all;
        let version = all.number(4)? >> 24;
        let sizes = all.number(2)?;
        let [offset, length, base, index] = [12, 8, 4, 0].map(|shift| sizes >> shift & 15);
        let number = if version < 2 { 2 } else { 4 };
        for _ in 0..all.number(number)? {
            let id = all.number(number)?;
            let method = if version > 0 { all.number(2)? & 15 } else { 0 };
            let elsewhere = all.number(2)?;
            let base = all.number(base)?;
            let mut contents = vec![];
            for _ in 0..all.number(2)? {
                if version > 0 {
                    all.number(index)?;
                }
                let start = base.checked_add(all.number(offset)?)?;
                let end = start.checked_add(all.number(length)?)?;
                if id == wanted {
                    let source = if method == 1 { self.data? } else { self.file };
                    contents.extend(source.get(start..end)?);
                }
                // Extents of broken files overlap.
                if contents.len() > self.file.len() {
                    return None;
                }
            }
            if id == wanted {
                return (method < 2 && elsewhere == 0).then_some(contents);
            }
        }
        None
    }
}
