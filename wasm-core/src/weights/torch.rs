//! PyTorch's container: a zip archive of uncompressed files, one for each storage, and a pickle that says which part of
//! which storage each tensor is.
//!
//! The `zip` crate reads the archive's directory. It is built without decompressors, so that there are no decompression
//! bombs. Sizes and offsets are taken from the directory at the end only: PyTorch leaves them blank in the headers before
//! the files.

use super::pickle;
use super::source::{
    Bytes, Index, MAX_ELEMENTS, MAX_TENSORS, Source, TensorInfo, damaged, elements, finite, quoted, read_raw, read_run,
    room, truncated, unsupported,
};
use crate::{Error, Result};
use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// Most files of an archive: a storage for each tensor, and some more.
const MAX_FILES: u64 = MAX_TENSORS as u64 + 64;
/// Most bytes of an archive's directory and headers: 256 for each file, where PyTorch needs about 150.
const MAX_DIRECTORY_BYTES: usize = 16 << 20;
/// Longest name of a file in bytes. The format allows 64 KiB, and names are looked up for every tensor.
const MAX_PATH_BYTES: usize = 1 << 10;
/// Most bytes that are read of the small files beside storages and pickle.
const MAX_NOTE_BYTES: u64 = 64;

/// A state dict in PyTorch's container.
pub(super) struct Torch {
    bytes: Box<dyn Bytes>,
    index: Index,
    /// Where each tensor lies.
    layouts: Vec<Layout>,
}

/// Where a tensor's elements lie in the file.
#[derive(Debug)]
struct Layout {
    /// The first element, in bytes from the file's start.
    start: u64,
    /// Elements from the first to the last one, both included.
    span: usize,
    /// Length and stride of each dimension, in elements; empty if the elements lie in row-major order without gaps.
    /// Dimensions of length one are left out, because dozens of them would cost time for every element.
    strides: Option<Vec<(usize, usize)>>,
}

/// A file in the archive.
#[derive(Clone, Copy, Debug)]
struct File {
    start: u64,
    length: u64,
}

impl Torch {
    /// Reads the directory and the pickle.
    pub(super) fn open(bytes: Box<dyn Bytes>) -> Result<Self> {
        let files = files(&*bytes)?;
        let mut tops = files.keys().filter_map(|name| name.strip_suffix("/data.pkl")).filter(|top| !top.contains('/'));
        let (Some(top), None) = (tops.next(), tops.next()) else {
            return Err(damaged("it does not hold exactly one data.pkl"));
        };
        // Archives from before PyTorch 2.1 do not say; they were little-endian.
        if let Some(file) = files.get(&format!("{top}/byteorder")) {
            let order = read_raw(&*bytes, file.start, file.length.min(MAX_NOTE_BYTES))?;
            match order.as_slice() {
                b"little" => {}
                b"big" => return Err(unsupported("big-endian numbers")),
                _ => return Err(damaged("its byte order is unknown")),
            }
        }
        let file = files[&format!("{top}/data.pkl")];
        if file.length > pickle::MAX_PICKLE_BYTES {
            return Err(damaged(format!("its pickle has {} bytes", file.length)));
        }
        let pickle = read_raw(&*bytes, file.start, file.length)?;
        let (mut infos, mut layouts) = (vec![], vec![]);
        for (name, tensor) in pickle::read(&pickle)? {
            let storage = tensor.storage;
            let file = *files
                .get(&format!("{top}/data/{}", storage.key))
                .ok_or_else(|| damaged(format!("the data of {} are missing", quoted(name))))?;
            layouts.push(Layout::new(&tensor, file).map_err(|what| damaged(format!("{} {what}", quoted(name))))?);
            infos.push(TensorInfo { name: name.to_owned(), shape: tensor.shape, dtype: storage.dtype });
        }
        Ok(Self { index: Index::new(infos)?, layouts, bytes })
    }
}

impl Source for Torch {
    fn tensors(&self) -> &[TensorInfo] {
        &self.index.infos
    }

    fn read(&self, name: &str) -> Result<Vec<f32>> {
        let place = self.index.find(name)?;
        let layout = &self.layouts[place];
        let run = read_run(&*self.bytes, layout.start, layout.span, self.index.infos[place].dtype)?;
        let values = match &layout.strides {
            None => run,
            Some(strides) => gathered(&run, strides)?,
        };
        finite(name, values)
    }
}

impl Layout {
    /// Checks that a tensor lies inside its storage, and the storage inside its file.
    fn new(tensor: &pickle::Tensor<'_>, file: File) -> std::result::Result<Self, &'static str> {
        let pickle::Tensor { storage, offset, shape, strides } = tensor;
        let count = elements(shape).ok_or("is too large")?;
        let size = storage.dtype.size() as u64;
        if storage.length.checked_mul(size).is_none_or(|length| length > file.length) {
            return Err("has a storage that is shorter than it should be");
        }
        if count == 0 {
            return Ok(Self { start: file.start, span: 0, strides: None });
        }
        let reach = shape
            .iter()
            .zip(strides)
            .try_fold(0u64, |sum, (length, stride)| sum.checked_add((*length as u64 - 1).checked_mul(*stride as u64)?));
        let reach = reach.ok_or("lies outside of its storage")?;
        if offset.checked_add(reach).is_none_or(|last| last >= storage.length) {
            return Err("lies outside of its storage");
        }
        // The range is read as a whole: a few elements that lie far apart must not cost more than the largest tensor.
        let span = usize::try_from(reach).ok().filter(|reach| *reach < MAX_ELEMENTS).ok_or("is too widely spread")? + 1;
        // The storage holds the offset, and the file holds the storage.
        let start = file.start + offset * size;
        // The stride of a dimension of length one has no meaning and may be anything.
        let used = || shape.iter().copied().zip(strides.iter().copied()).filter(|(length, _)| *length != 1).collect();
        Ok(Self { start, span, strides: (!in_order(shape, strides)).then(used) })
    }
}

/// Whether the elements lie in row-major order without a gap.
fn in_order(shape: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1;
    shape.iter().zip(strides).rev().filter(|(length, _)| **length != 1).all(|(length, stride)| {
        let fits = *stride == expected;
        expected *= length;
        fits
    })
}

/// The elements of a view in row-major order. The layout has been checked against the run's length.
fn gathered(run: &[f32], strides: &[(usize, usize)]) -> Result<Vec<f32>> {
    let count: usize = strides.iter().map(|(length, _)| length).product();
    let mut values = room(count)?;
    let (&(row, step), outer) = strides.split_last().unwrap_or((&(1, 0), &[]));
    let mut position = vec![0; outer.len()];
    let mut at = 0;
    while values.len() < count {
        values.extend((0..row).map(|place| run[at + place * step]));
        // Increments the index like an odometer, the last dimension first.
        for (digit, (length, stride)) in position.iter_mut().zip(outer).rev() {
            *digit += 1;
            at += stride;
            if *digit < *length {
                break;
            }
            at -= stride * length;
            *digit = 0;
        }
    }
    Ok(values)
}

/// The archive's files by name, each within the bounds of `bytes`.
fn files(bytes: &dyn Bytes) -> Result<HashMap<String, File>> {
    check_end(bytes)?;
    let mut cursor =
        Cursor { bytes, position: 0, window: vec![], start: 0, budget: MAX_DIRECTORY_BYTES, failure: None };
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let listed = ZipArchive::with_config(config, &mut cursor).and_then(|archive| list(archive, bytes.len()));
    // The crate may turn an error of ours into a text.
    let listed = listed.map_err(|error| cursor.failure.take().unwrap_or_else(|| from_zip(error)))?;
    listed.ok_or_else(|| damaged("a part of it occurs twice, has no proper name or is out of place"))
}

/// The files, or nothing when one of them is not as PyTorch writes it.
fn list<R: Read + Seek>(
    mut archive: ZipArchive<R>,
    length: u64,
) -> zip::result::ZipResult<Option<HashMap<String, File>>> {
    // Of several files of one name, the crate keeps the last.
    if archive.has_duplicate_names() {
        return Ok(None);
    }
    let mut files = HashMap::with_capacity(archive.len());
    for place in 0..archive.len() {
        let entry = archive.by_index_raw(place)?;
        if entry.compression() != CompressionMethod::Stored {
            return Err(ZipError::UnsupportedArchive("compression inside of PyTorch's container"));
        }
        if entry.encrypted() {
            return Err(ZipError::UnsupportedArchive("encryption"));
        }
        let (name, size) = (std::str::from_utf8(entry.name_raw()), entry.size());
        let end = entry.data_start().and_then(|start| start.checked_add(size));
        let (Ok(name), Some(start), Some(end)) = (name, entry.data_start(), end) else { return Ok(None) };
        if end > length || size != entry.compressed_size() || name.len() > MAX_PATH_BYTES {
            return Ok(None);
        }
        files.insert(name.to_owned(), File { start, length: size });
    }
    Ok(Some(files))
}

/// Checks the end of the archive before the crate reads it: the crate allocates memory for as many files as it says.
fn check_end(bytes: &dyn Bytes) -> Result<()> {
    const END: &[u8] = b"PK\x05\x06";
    const END_LENGTH: usize = 22;
    /// Where a 64-bit end is.
    const LOCATOR: &[u8] = b"PK\x06\x07";
    const LOCATOR_LENGTH: usize = 20;
    /// Length of a 64-bit end after its own length, which says so.
    const WIDE_LENGTH: u64 = 44;
    // A comment, whose length has 16 bits, may follow the end.
    let length = bytes.len().min((END_LENGTH + LOCATOR_LENGTH + usize::from(u16::MAX)) as u64);
    let tail = read_raw(bytes, bytes.len() - length, length)?;
    let mut ends = (0..tail.len()).filter(|at| tail[*at..].starts_with(END));
    let Some(end) = ends.next().filter(|end| tail.len() - end >= END_LENGTH) else {
        return Err(truncated("the directory at its end is missing"));
    };
    // With two ends, readers disagree about the contents of the file.
    if ends.next().is_some() {
        return Err(damaged("it has more than one end"));
    }
    let locator = end.checked_sub(LOCATOR_LENGTH).and_then(|start| tail[start..].strip_prefix(LOCATOR));
    // Number of the disk, then the place.
    let place = locator.and_then(|locator| locator[4..].first_chunk().map(|place| u64::from_le_bytes(*place)));
    if let Some(place) = place {
        // Signature, length, versions, disks, the number of files on this disk, the number of all files.
        let mut wide = [0; 40];
        bytes.read_at(place, &mut wide)?;
        let number = |at: usize| wide[at..].first_chunk().map_or(0, |number| u64::from_le_bytes(*number));
        if number(4) != WIDE_LENGTH {
            return Err(damaged("its end has an unusual length"));
        }
        if number(24).max(number(32)) > MAX_FILES {
            return Err(damaged(format!("it holds {} files", number(24).max(number(32)))));
        }
    }
    Ok(())
}

fn from_zip(error: ZipError) -> Error {
    match error {
        ZipError::UnsupportedArchive(what) => unsupported(what),
        ZipError::CompressionMethodNotSupported(_) => unsupported("compression inside of PyTorch's container"),
        other => damaged(quoted(&other.to_string())),
    }
}

/// The file as a reader for the `zip` crate, buffered, because the crate makes many small reads.
struct Cursor<'a> {
    bytes: &'a dyn Bytes,
    position: u64,
    window: Vec<u8>,
    /// Where the window lies.
    start: u64,
    /// How much may still be read.
    budget: usize,
    /// Why a read failed.
    failure: Option<Error>,
}

impl Cursor<'_> {
    const WINDOW: u64 = 4096;

    fn fill(&mut self) -> Result<()> {
        let length = self.bytes.len().saturating_sub(self.position).min(Self::WINDOW);
        self.window.resize(length as usize, 0);
        self.start = self.position;
        // One may seek to beyond the end, but there is nothing to read.
        if self.window.is_empty() { Ok(()) } else { self.bytes.read_at(self.start, &mut self.window) }
    }

    /// What the window holds from the position on.
    fn ahead(&self) -> &[u8] {
        let skipped = self.position.checked_sub(self.start).and_then(|skipped| usize::try_from(skipped).ok());
        skipped.and_then(|skipped| self.window.get(skipped..)).unwrap_or(&[])
    }

    fn fail(&mut self, error: Error) -> io::Error {
        let shown = error.to_string();
        self.window.clear();
        self.failure.get_or_insert(error);
        io::Error::other(shown)
    }
}

impl Read for Cursor<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ahead().is_empty() {
            self.fill().map_err(|error| self.fail(error))?;
        }
        let length = self.ahead().len().min(into.len());
        if length > self.budget {
            return Err(self.fail(damaged("its directory is too long")));
        }
        into[..length].copy_from_slice(&self.ahead()[..length]);
        self.budget -= length;
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for Cursor<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
            SeekFrom::End(distance) => self.bytes.len().checked_add_signed(distance),
        };
        self.position = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
