//! What all containers have in common: access to the bytes of a file, descriptions of its tensors, and limits.

use crate::{Error, Result, Storing, WeightsError};
use half::{bf16, f16};
use std::collections::HashMap;

/// Most elements of one tensor: 256 MiB as `f32`. The largest tensors of image models have a tenth of that. Without a
/// limit, a few bytes of a file could take all memory, because a stride of zero repeats an element.
pub const MAX_ELEMENTS: usize = 1 << 26;
/// Most tensors of one file.
pub const MAX_TENSORS: usize = 1 << 16;
/// Most dimensions of a tensor, as in PyTorch.
pub(super) const MAX_DIMENSIONS: usize = 64;
/// Longest name of a tensor, in bytes.
pub(super) const MAX_NAME_BYTES: usize = 1 << 10;
/// Bytes that are read at once. Nearly every tensor is a single read, and a large one is not in memory twice.
pub(super) const CHUNK: usize = 1 << 22;

/// Random access to a file's bytes.
pub trait Bytes {
    /// The file's length.
    fn len(&self) -> u64;

    /// True when there is nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills all of `into` with what lies at `offset`.
    ///
    /// # Errors
    /// [`WeightsError::Truncated`] when the file ends before that; [`WeightsError::Unreadable`] when the storage
    /// fails.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()>;
}

impl Bytes for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let found = usize::try_from(offset).ok().and_then(|start| self.get(start..)?.get(..into.len()));
        let found = found.ok_or_else(|| truncated(format!("{} bytes at {offset} are missing", into.len())))?;
        into.copy_from_slice(found);
        Ok(())
    }
}

impl Bytes for Vec<u8> {
    fn len(&self) -> u64 {
        Bytes::len(&self.as_slice())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        self.as_slice().read_at(offset, into)
    }
}

/// Type of a tensor's elements in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point, IEEE binary16.
    F16,
    /// 16-bit floating point, the upper half of 32 bits.
    BF16,
    /// Signed, 64 bits.
    I64,
    /// Signed, 32 bits.
    I32,
    /// Signed, 16 bits.
    I16,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 64 bits.
    U64,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 8 bits.
    U8,
    /// False (a byte of 0) or true.
    Bool,
}

impl Dtype {
    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// Appends the elements of `raw`, little-endian, as `f32`. A value that `f32` does not have is rounded to the nearest.
    fn widen(self, raw: &[u8], into: &mut Vec<f32>) {
        fn each<const N: usize>(raw: &[u8], into: &mut Vec<f32>, value: impl Fn([u8; N]) -> f32) {
            into.extend(raw.as_chunks().0.iter().map(|bytes| value(*bytes)));
        }
        match self {
            Self::F32 => each(raw, into, f32::from_le_bytes),
            Self::F16 => each(raw, into, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Self::BF16 => each(raw, into, |bytes| bf16::from_le_bytes(bytes).to_f32()),
            Self::I64 => each(raw, into, |bytes| i64::from_le_bytes(bytes) as f32),
            Self::I32 => each(raw, into, |bytes| i32::from_le_bytes(bytes) as f32),
            Self::I16 => each(raw, into, |bytes| i16::from_le_bytes(bytes).into()),
            Self::I8 => each(raw, into, |bytes| i8::from_le_bytes(bytes).into()),
            Self::U64 => each(raw, into, |bytes| u64::from_le_bytes(bytes) as f32),
            Self::U32 => each(raw, into, |bytes| u32::from_le_bytes(bytes) as f32),
            Self::U16 => each(raw, into, |bytes| u16::from_le_bytes(bytes).into()),
            Self::U8 => each(raw, into, |[byte]| byte.into()),
            Self::Bool => each(raw, into, |[byte]| f32::from(byte != 0)),
        }
    }
}

/// What a file says about one of its tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorInfo {
    /// Name in the state dict.
    pub name: String,
    /// Length of each dimension, outermost first; empty for a single value.
    pub shape: Vec<usize>,
    /// Type of the elements in the file.
    pub dtype: Dtype,
}

/// Named tensors.
pub trait Source {
    /// All tensors, in the order of the file. No name occurs twice, and the product of a shape fits in memory.
    fn tensors(&self) -> &[TensorInfo];

    /// A tensor's elements in row-major order, whatever their order and type in the file.
    ///
    /// # Errors
    /// [`WeightsError::Mismatch`] when there is no tensor of that name, [`WeightsError::NotFinite`] when one of its
    /// elements is not a finite number, and whatever [`Bytes::read_at`] fails with.
    fn read(&self, name: &str) -> Result<Vec<f32>>;

    /// Whether this is a [`Pack`](super::Pack), which holds finished constants, and of the tensors only those that the other
    /// constants are made of.
    fn is_prepared(&self) -> bool {
        false
    }

    /// The scale of each row of a matrix that is stored in 8 bits; none if it is not.
    ///
    /// # Errors
    /// As [`Source::read`].
    fn scales(&self, _name: &str) -> Result<Option<Vec<f32>>> {
        Ok(None)
    }

    /// The finished constant of this label, if the source holds it.
    fn prepared(&self, _label: &str) -> Option<Prepared<'_>> {
        None
    }
}

/// Bytes of a file that are ready to be copied.
#[derive(Clone, Copy)]
pub struct Prepared<'a> {
    pub(super) bytes: &'a dyn Bytes,
    pub(super) start: u64,
    pub(super) length: u64,
}

impl Bytes for Prepared<'_> {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let end = offset.checked_add(into.len() as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(truncated(format!("{} bytes at {offset} are missing", into.len())));
        }
        self.bytes.read_at(self.start + offset, into)
    }
}

/// A source's tensors, found by name.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) infos: Vec<TensorInfo>,
    places: HashMap<String, usize>,
}

impl Index {
    pub(super) fn new(infos: Vec<TensorInfo>) -> Result<Self> {
        if infos.len() > MAX_TENSORS {
            return Err(damaged(format!("it holds {} tensors", infos.len())));
        }
        let mut places = HashMap::with_capacity(infos.len());
        for (place, info) in infos.iter().enumerate() {
            check_name(&info.name)?;
            if elements(&info.shape).is_none() {
                return Err(damaged(format!("the tensor {} is too large", quoted(&info.name))));
            }
            // Otherwise one tensor could be checked and the other read.
            if places.insert(info.name.clone(), place).is_some() {
                return Err(damaged(format!("the name {} occurs twice", quoted(&info.name))));
            }
        }
        Ok(Self { infos, places })
    }

    /// Place of the tensor of that name in the list.
    pub(super) fn find(&self, name: &str) -> Result<usize> {
        self.places.get(name).copied().ok_or_else(|| {
            let missing = vec![name.to_owned()];
            WeightsError::Mismatch { missing, extra: vec![], misshapen: vec![] }.into()
        })
    }
}

/// Whether a tensor's name is within the limits.
pub(super) fn check_name(name: &str) -> Result<()> {
    if name.len() <= MAX_NAME_BYTES {
        return Ok(());
    }
    Err(damaged(format!("the name {} has {} bytes", quoted(name), name.len())))
}

/// How many elements a tensor of this shape has; none if that exceeds the limits.
pub(super) fn elements(shape: &[usize]) -> Option<usize> {
    // A length of zero must not hide the others, whose product may overflow elsewhere.
    let product = shape.iter().try_fold(1usize, |product, length| product.checked_mul((*length).max(1)))?;
    let fits = product <= MAX_ELEMENTS && shape.len() <= MAX_DIMENSIONS;
    fits.then_some(if shape.contains(&0) { 0 } else { product })
}

/// Reads `count` elements that lie one after another.
pub(super) fn read_run(bytes: &dyn Bytes, offset: u64, count: usize, dtype: Dtype) -> Result<Vec<f32>> {
    let mut values = room(count)?;
    let length = count.checked_mul(dtype.size()).ok_or_else(|| damaged("a tensor is too large"))?;
    // Every element's size divides a chunk's.
    let mut raw = vec![0; length.min(CHUNK)];
    for start in (0..length).step_by(CHUNK) {
        let part = &mut raw[..CHUNK.min(length - start)];
        let at = offset.checked_add(start as u64).ok_or_else(|| damaged("a tensor lies outside of the file"))?;
        bytes.read_at(at, part)?;
        dtype.widen(part, &mut values);
    }
    Ok(values)
}

/// Reads a part of the file as it is. `length` is compared with the file's before memory is allocated.
pub(super) fn read_raw(bytes: &dyn Bytes, offset: u64, length: u64) -> Result<Vec<u8>> {
    if offset.checked_add(length).is_none_or(|end| end > bytes.len()) {
        return Err(truncated(format!("{length} bytes at {offset} are missing")));
    }
    let length = usize::try_from(length).map_err(|_| damaged("a part of it is too long"))?;
    let mut raw = room(length)?;
    raw.resize(length, 0);
    bytes.read_at(offset, &mut raw)?;
    Ok(raw)
}

/// An empty list with room for `count` items, or an error: an allocation that fails elsewhere aborts the program.
pub(super) fn room<T>(count: usize) -> Result<Vec<T>> {
    let mut list = vec![];
    list.try_reserve_exact(count).map_err(|_| WeightsError::Unreadable("there is not enough memory".into()))?;
    Ok(list)
}

/// The values, unless one is infinite or not a number.
pub(super) fn finite(name: &str, values: Vec<f32>) -> Result<Vec<f32>> {
    if values.iter().all(|value| value.is_finite()) {
        return Ok(values);
    }
    Err(WeightsError::NotFinite(name.to_owned()).into())
}

/// The beginning of a text from a file, without control characters, for messages.
pub(crate) fn quoted(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}

pub(super) fn damaged(what: impl Into<String>) -> Error {
    WeightsError::Damaged(what.into()).into()
}

pub(super) fn truncated(what: impl Into<String>) -> Error {
    WeightsError::Truncated(what.into()).into()
}

pub(super) fn foreign(how: Storing, what: impl Into<String>) -> Error {
    WeightsError::Foreign { how, what: what.into() }.into()
}

pub(super) fn unsupported(what: impl Into<String>) -> Error {
    WeightsError::Unsupported(what.into()).into()
}
