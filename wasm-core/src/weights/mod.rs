//! Model weights: named tensors from files that are not trusted.
//!
//! [`open`] recognises a container by its content and gives its tensors as a [`Source`]; [`check`] compares their
//! names and shapes with what a model asks for. A file is only a span of [`Bytes`], so that the same code reads one
//! in memory, on disk and in a browser's private file system.
//!
//! A file is not trusted: every length in it is compared with the file's own before memory is allocated, nothing in it is
//! executed, and everything that it can ask for has a limit ([`MAX_ELEMENTS`], [`MAX_TENSORS`] and those of the
//! containers). Opening a file reads its directory only; a tensor is read when it is asked for.
//!
//! `torch` reads PyTorch's zip container, whose directory is a `pickle`. `safetensors` reads the other published
//! container. `pack` is our own. [`Synthetic`] is a source of made-up tensors for tests and examples.

pub mod pack;
mod pickle;
pub mod quantise;
mod safetensors;
mod source;
mod synthetic;
#[cfg(test)]
mod tests;
mod torch;

pub use pack::Pack;
pub(crate) use source::quoted;
pub use source::{Bytes, Dtype, MAX_ELEMENTS, MAX_TENSORS, Prepared, Source, TensorInfo};
pub use synthetic::{Synthetic, UNIT_VARIANCE, input, unet_input};

use crate::{Misshapen, Result, WeightsError};
use source::unsupported;
use std::collections::{HashMap, HashSet};

/// Suffix of the names of counters of batches, which only training reads.
const COUNTER: &str = ".num_batches_tracked";

/// Opens a file of weights: safetensors, or a state dict that a current PyTorch has saved.
///
/// # Errors
/// [`WeightsError::UnknownContainer`] and [`WeightsError::Unsupported`] for other files,
/// [`WeightsError::Foreign`] for weights that are stored in a way that is not supported,
/// [`WeightsError::Refused`] for a pickle that asks for code to be run, [`WeightsError::Truncated`] and
/// [`WeightsError::Damaged`] for a file that is not whole, and whatever [`Bytes::read_at`] fails with.
pub fn open(bytes: impl Bytes + 'static) -> Result<Box<dyn Source>> {
    let mut head = [0; 16];
    let length = bytes.len().min(head.len() as u64) as usize;
    bytes.read_at(0, &mut head[..length])?;
    match head[..length] {
        // The length of a header below 4 GiB, then the header. This is tried before the pickle, because the bytes of the length
        // may look like the beginning of one.
        [_, _, _, _, 0, 0, 0, 0, b'{', ..] => Ok(Box::new(safetensors::SafeTensors::open(Box::new(bytes))?)),
        [b'P', b'K', 3, 4, ..] => Ok(Box::new(torch::Torch::open(Box::new(bytes))?)),
        [0x80, 2..=5, ..] => {
            Err(unsupported("a pickle without a zip container, as PyTorch wrote it before version 1.6"))
        }
        _ => Err(WeightsError::UnknownContainer.into()),
    }
}

/// Compares a source's tensors with the names and shapes that a model expects. The counters of batch normalisation,
/// `.num_batches_tracked`, are ignored: a file may hold them or not.
///
/// # Errors
/// [`WeightsError::Mismatch`], which lists everything that does not fit.
pub fn check(source: &dyn Source, expected: &[(String, Vec<usize>)]) -> Result<()> {
    let found: HashMap<&str, &TensorInfo> = source.tensors().iter().map(|info| (info.name.as_str(), info)).collect();
    let known: HashSet<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
    let (mut missing, mut misshapen) = (vec![], vec![]);
    for (name, shape) in expected.iter().filter(|(name, _)| !name.ends_with(COUNTER)) {
        match found.get(name.as_str()) {
            None => missing.push(name.clone()),
            Some(info) if info.shape != *shape => {
                misshapen.push(Misshapen { name: name.clone(), expected: shape.clone(), found: info.shape.clone() });
            }
            Some(_) => {}
        }
    }
    let extra: Vec<String> = source
        .tensors()
        .iter()
        .filter(|info| !info.name.ends_with(COUNTER) && !known.contains(info.name.as_str()))
        .map(|info| info.name.clone())
        .collect();
    if missing.is_empty() && extra.is_empty() && misshapen.is_empty() {
        return Ok(());
    }
    Err(WeightsError::Mismatch { missing, extra, misshapen }.into())
}
