//! Constants on the GPU: the results of the recipes that convert weights.

use std::collections::HashMap;

use super::graph::{Constant, Graph};
use super::{Buffer, Gpu};
use crate::weights::{Bytes, Source};
use crate::{Error, Pacer, Result, Stage};

/// Most bytes of a buffer that several constants share; a larger constant has a buffer of its own. Few large buffers cost the driver
/// less than a thousand small ones, and this size is below every adapter's `maxBufferSize`.
const CHUNK: u64 = 64 << 20;
/// Bytes of a prepared constant that are read at a time.
const PIECE: u64 = 8 << 20;
/// WebGPU's largest `minStorageBufferOffsetAlignment`.
const ALIGNMENT: u64 = 256;

/// Constants by label. Graphs of the same model share them.
#[derive(Debug, Default)]
pub struct Constants {
    chunks: Vec<Buffer>,
    places: HashMap<String, Place>,
}

/// Where a constant lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    chunk: usize,
    offset: u64,
    bytes: u64,
}

impl Constants {
    /// No constants.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes that the constants of `graphs` take together.
    pub fn bytes(graphs: &[&Graph]) -> u64 {
        let mut seen = HashMap::new();
        for constant in graphs.iter().flat_map(|g| &g.constants) {
            seen.insert(constant.label.as_str(), aligned(constant.bytes));
        }
        seen.values().sum()
    }

    /// Bytes that the largest buffer made by [`Constants::load`] may have.
    pub fn largest(graphs: &[&Graph]) -> u64 {
        let all = graphs.iter().flat_map(|g| &g.constants).map(|c| aligned(c.bytes));
        all.max().unwrap_or(0).max(CHUNK.min(Self::bytes(graphs)))
    }

    /// Makes and uploads the constants of `graphs` that are not there yet, one at a time.
    ///
    /// # Errors
    /// What a recipe finds wrong with the weights, a limit of the adapter, or the caller's cancel. What is already there stays valid.
    pub async fn load(&mut self, gpu: &Gpu, graphs: &[&Graph], weights: &dyn Source, pacer: &dyn Pacer) -> Result<()> {
        let mut wanted: Vec<&Constant> = vec![];
        let mut labels = std::collections::HashSet::new();
        for constant in graphs.iter().flat_map(|g| &g.constants) {
            if !self.places.contains_key(&constant.label) && labels.insert(constant.label.as_str()) {
                wanted.push(constant);
            }
        }
        let total: u64 = wanted.iter().map(|c| c.bytes).sum();
        let mut done = 0;
        for group in grouped(&wanted) {
            // Exactly as large as its constants: unused tails would add up to tens of megabytes.
            let room = group.iter().map(|c| aligned(c.bytes)).sum();
            gpu.check_buffer(room)?;
            self.chunks.push(gpu.storage("constants", room));
            let mut offset = 0;
            for constant in group {
                let place = Place { chunk: self.chunks.len() - 1, offset, bytes: constant.bytes };
                put(gpu, constant, weights, &self.chunks[place.chunk], offset)?;
                self.places.insert(constant.label.clone(), place);
                offset += aligned(constant.bytes);
                done += constant.bytes;
                pacer.progress(Stage::Loading, done as f32 / total as f32);
                pacer.checkpoint().await?;
            }
        }
        gpu.check()
    }

    /// The buffer binding of the constant with this label.
    pub(super) fn binding(&self, label: &str) -> Option<wgpu::BufferBinding<'_>> {
        let place = self.places.get(label)?;
        Some(wgpu::BufferBinding {
            buffer: self.chunks[place.chunk].raw(),
            offset: place.offset,
            size: std::num::NonZero::new(place.bytes.next_multiple_of(16)),
        })
    }
}

/// Writes a constant into its buffer: copies it from a pack, or makes it from weights.
fn put(gpu: &Gpu, constant: &Constant, weights: &dyn Source, buffer: &Buffer, offset: u64) -> Result<()> {
    let wrong =
        |found: u64| Error::Shape(format!("{} has {found} bytes instead of {}", constant.label, constant.bytes));
    let Some(prepared) = weights.prepared(&constant.label) else {
        let bytes = (constant.recipe)(weights)?;
        return if bytes.len() as u64 == constant.bytes {
            gpu.upload(buffer, offset, &bytes)
        } else {
            Err(wrong(bytes.len() as u64))
        };
    };
    if prepared.len() != constant.bytes {
        return Err(wrong(prepared.len()));
    }
    let mut piece = vec![0; PIECE.min(constant.bytes) as usize];
    let mut from = 0;
    while from < constant.bytes {
        piece.truncate((constant.bytes - from) as usize);
        prepared.read_at(from, &mut piece)?;
        gpu.upload(buffer, offset + from, &piece)?;
        from += piece.len() as u64;
    }
    Ok(())
}

fn aligned(bytes: u64) -> u64 {
    bytes.next_multiple_of(ALIGNMENT)
}

/// Consecutive constants that share a buffer.
fn grouped<'a, 'b>(constants: &'a [&'b Constant]) -> Vec<&'a [&'b Constant]> {
    let mut groups = vec![];
    let mut from = 0;
    let mut size = 0;
    for (at, constant) in constants.iter().enumerate() {
        if at > from && size + aligned(constant.bytes) > CHUNK {
            groups.push(&constants[from..at]);
            (from, size) = (at, 0);
        }
        size += aligned(constant.bytes);
    }
    if from < constants.len() {
        groups.push(&constants[from..]);
    }
    groups
}
