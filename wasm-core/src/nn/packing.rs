//! Writes a [`Pack`](crate::weights::Pack): the constants of a network's graphs, made of its published weights.
//!
//! The sizes of all parts follow from the graphs, so that the file is written from front to back, one constant at a time. However large
//! the weights are, only one constant and the tensors that it is made of are in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use half::f16;
use sha2::{Digest, Sha256};

use super::WeightElement;
use crate::gpu::{Constant, Graph, When};
use crate::weights::pack::{Part, header};
use crate::weights::{self, Bytes, Dtype, Source, quantise};
use crate::{Misshapen, Pacer, Result, Stage, WeightsError};

/// Length and hash of a written pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// Makes the bytes of a part from the weights.
type Make<'a> = Box<dyn Fn(&dyn Source) -> Result<Vec<u8>> + 'a>;

/// A part of the pack, and how its bytes are made.
struct Made<'a> {
    part: Part,
    bytes: Make<'a>,
}

/// How tensors from which constants are made at loading are stored.
#[derive(Clone, Copy, Debug)]
pub struct Storage {
    /// Element type of large weights.
    pub weights: WeightElement,
    /// Whether the matrix of this name is too sensitive for 8 bits.
    pub is_sensitive: fn(&str) -> bool,
}

/// Writes the pack of the network that consists of `graphs` piece by piece to `out`. The weights come from `source`; `about` becomes the
/// metadata.
///
/// # Errors
/// [`WeightsError`] if the weights are not this network's, what `out` fails with, and the caller's cancel.
pub async fn pack(
    graphs: &[Graph],
    storage: Storage,
    source: &dyn Source,
    about: &BTreeMap<String, String>,
    out: &mut dyn FnMut(&[u8]) -> Result<()>,
    pacer: &dyn Pacer,
) -> Result<Written> {
    weights::check(source, &inputs(graphs)?)?;
    let made = parts(graphs, storage);
    let list: Vec<Part> = made.iter().map(|m| m.part.clone()).collect();
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut write = |piece: &[u8]| {
        hash.update(piece);
        bytes += piece.len() as u64;
        out(piece)
    };
    write(&header(&list, about))?;
    let total: u64 = list.iter().map(Part::bytes).sum();
    let mut done = 0;
    for Made { part, bytes } in &made {
        write(&bytes(source)?)?;
        done += part.bytes();
        pacer.progress(Stage::Loading, done as f32 / total as f32);
        pacer.checkpoint().await?;
    }
    Ok(Written { bytes, sha256: hash.finalize().into() })
}

/// All parts in order: the tensors for constants that are made at loading, the scales of those in 8 bits, and the finished constants.
fn parts(graphs: &[Graph], storage: Storage) -> Vec<Made<'_>> {
    let mut seen = BTreeSet::new();
    let constants: Vec<&Constant> =
        graphs.iter().flat_map(Graph::constants).filter(|constant| seen.insert(constant.label.clone())).collect();
    let at_loading = || constants.iter().filter(|constant| constant.when == When::Loading);
    let tensors: BTreeMap<String, Vec<usize>> = at_loading().flat_map(|c| c.inputs.iter().cloned()).collect();
    let mut scaled: BTreeMap<String, usize> =
        at_loading().flat_map(|c| &c.scales).map(|(name, rows)| (name.clone(), *rows as usize)).collect();
    let mut made = vec![];
    for (name, shape) in tensors {
        let dtype = dtype(&name, &shape, storage);
        if dtype == Dtype::I8 {
            scaled.insert(name.clone(), shape[0]);
        }
        let part = Part::tensor(&name, &shape, dtype);
        made.push(Made { part, bytes: Box::new(move |source| encoded(source, &name, &shape, dtype)) });
    }
    for (name, rows) in scaled {
        let part = Part::scale(&name, rows);
        let bytes = move |source: &dyn Source| {
            Ok(quantise::scales(&source.read(&name)?, rows).iter().flat_map(|scale| scale.to_le_bytes()).collect())
        };
        made.push(Made { part, bytes: Box::new(bytes) });
    }
    for constant in constants.into_iter().filter(|constant| constant.when == When::Ahead) {
        let part = Part::constant(&constant.label, constant.bytes);
        made.push(Made { part, bytes: Box::new(move |source| (constant.recipe)(source)) });
    }
    made
}

/// The type of such a tensor in the pack. Vectors (biases, norms) keep their precision.
fn dtype(name: &str, shape: &[usize], storage: Storage) -> Dtype {
    match storage.weights {
        _ if shape.len() == 1 => Dtype::F32,
        WeightElement::I8 if !(storage.is_sensitive)(name) => Dtype::I8,
        _ => Dtype::F16,
    }
}

fn encoded(source: &dyn Source, name: &str, shape: &[usize], dtype: Dtype) -> Result<Vec<u8>> {
    let values = source.read(name)?;
    Ok(match dtype {
        Dtype::I8 => {
            let scales = quantise::scales(&values, shape[0]);
            bytemuck::cast_vec(quantise::quantise(&values, &scales))
        }
        Dtype::F16 => {
            let halves: Vec<f16> = values.iter().map(|&v| f16::from_f32(v)).collect();
            if halves.iter().any(|half| !half.is_finite()) {
                return Err(WeightsError::BeyondF16(name.to_owned()).into());
            }
            halves.iter().flat_map(|half| half.to_le_bytes()).collect()
        }
        _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    })
}

/// Checks that a source has what the graphs need: tensors of the state dict in published weights, finished constants in a pack.
///
/// # Errors
/// [`WeightsError::Mismatch`] with everything that does not fit.
pub fn check(source: &dyn Source, graphs: &[&Graph]) -> Result<()> {
    if !source.is_prepared() {
        return weights::check(source, &inputs(graphs.iter().copied())?);
    }
    let found: HashMap<&str, &[usize]> =
        source.tensors().iter().map(|info| (info.name.as_str(), info.shape.as_slice())).collect();
    let (mut missing, mut misshapen) = (vec![], vec![]);
    let mut wrong = |name: &str, expected: &[usize], found: &[usize]| {
        misshapen.push(Misshapen { name: name.to_owned(), expected: expected.to_vec(), found: found.to_vec() });
    };
    for constant in graphs.iter().flat_map(|graph| graph.constants()) {
        if constant.when == When::Ahead {
            match source.prepared(&constant.label) {
                None => missing.push(constant.label.clone()),
                Some(bytes) if bytes.len() != constant.bytes => {
                    wrong(&constant.label, &[constant.bytes as usize], &[bytes.len() as usize]);
                }
                Some(_) => {}
            }
            continue;
        }
        for (name, expected) in &constant.inputs {
            match found.get(name.as_str()) {
                None => missing.push(name.clone()),
                // Recipes index the elements by the expected shape.
                Some(shape) if shape != expected => wrong(name, expected, shape),
                Some(_) => {}
            }
        }
    }
    if missing.is_empty() && misshapen.is_empty() {
        return Ok(());
    }
    Err(WeightsError::Mismatch { missing, extra: vec![], misshapen }.into())
}

/// Name and shape of all tensors of the state dict that the graphs' constants read.
fn inputs<'a>(graphs: impl IntoIterator<Item = &'a Graph>) -> Result<Vec<(String, Vec<usize>)>> {
    let mut inputs = vec![];
    for graph in graphs {
        inputs.extend(graph.inputs()?);
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_value_is_stored_in_16_bits_or_named(bits in any::<u32>()) {
            let value = f32::from_bits(bits);
            let header = br#"{"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#;
            let file = [&(header.len() as u64).to_le_bytes()[..], header, &value.to_le_bytes()].concat();
            let stored = encoded(&*weights::open(file).unwrap(), "a", &[1, 1], Dtype::F16);
            match stored {
                Ok(bytes) => {
                    let stored = f16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
                    // Half a step of 16-bit floats, normal and subnormal.
                    prop_assert!((stored - value).abs() <= (value.abs() / 2048.0).max(2f32.powi(-25)), "{} for {}", stored, value);
                }
                Err(Error::Weights(WeightsError::BeyondF16(name))) => {
                    // 65504 is the largest number; what is nearer to it than to 65536 is rounded to it.
                    prop_assert!(name == "a" && value.is_finite() && value.abs() >= 65520.0, "{}", value);
                }
                Err(Error::Weights(WeightsError::NotFinite(name))) => prop_assert!(name == "a" && !value.is_finite()),
                Err(other) => panic!("{other}"),
            }
        }
    }

    #[test]
    fn values_beyond_16_bits_are_told_apart_from_those_that_are_no_numbers() {
        let file = |value: f32| {
            let header = br#"{"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#;
            [&(header.len() as u64).to_le_bytes()[..], header, &value.to_le_bytes()].concat()
        };
        let complaint = |value: f32| {
            let source = weights::open(file(value)).unwrap();
            match encoded(&*source, "a", &[1, 1], Dtype::F16) {
                Err(Error::Weights(error)) => error,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(complaint(65520.0), WeightsError::BeyondF16("a".into()));
        assert_eq!(complaint(f32::INFINITY), WeightsError::NotFinite("a".into()));
        assert_eq!(complaint(f32::NAN), WeightsError::NotFinite("a".into()));
        let largest = weights::open(file(65504.0)).unwrap();
        assert!(encoded(&*largest, "a", &[1, 1], Dtype::F16).is_ok());
    }
}
