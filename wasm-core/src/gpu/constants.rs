//! What the weights became, on the GPU.

use std::collections::HashMap;

use super::graph::{Constant, Graph};
use super::{Buffer, Gpu};
use crate::weights::Source;
use crate::{Error, Pacer, Result, Stage};

/// Bytes of one buffer of constants; larger constants get one to themselves. Few large buffers cost the driver less than
/// a thousand small ones, and stay below every adapter's `maxBufferSize`.
const CHUNK: u64 = 64 << 20;
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
            seen.insert(constant.label.as_str(), constant.bytes.next_multiple_of(ALIGNMENT));
        }
        seen.values().sum()
    }

    /// Bytes of the largest buffer that [`Constants::load`] would make.
    pub fn largest(graphs: &[&Graph]) -> u64 {
        let all = graphs.iter().flat_map(|g| &g.constants).map(|c| c.bytes.next_multiple_of(ALIGNMENT));
        all.max().unwrap_or(0).max(CHUNK.min(Self::bytes(graphs)))
    }

    /// Makes and uploads the constants of `graphs` that are not there yet, one at a time.
    ///
    /// # Errors
    /// What a recipe finds wrong with the weights, a limit of the adapter, or the caller's cancel. What is already there stays valid.
    pub async fn load(&mut self, gpu: &Gpu, graphs: &[&Graph], weights: &dyn Source, pacer: &impl Pacer) -> Result<()> {
        let mut wanted: Vec<&Constant> = vec![];
        let mut labels = std::collections::HashSet::new();
        for constant in graphs.iter().flat_map(|g| &g.constants) {
            if !self.places.contains_key(&constant.label) && labels.insert(constant.label.as_str()) {
                wanted.push(constant);
            }
        }
        let total: u64 = wanted.iter().map(|c| c.bytes).sum();
        let mut left: u64 = wanted.iter().map(|c| c.bytes.next_multiple_of(ALIGNMENT)).sum();
        let mut end = 0;
        let mut room = 0;
        let mut done = 0;
        for constant in wanted {
            let bytes = (constant.recipe)(weights)?;
            if bytes.len() as u64 != constant.bytes {
                let what = format!("{} became {} bytes instead of {}", constant.label, bytes.len(), constant.bytes);
                return Err(Error::Shape(what));
            }
            let size = constant.bytes.next_multiple_of(ALIGNMENT);
            if size > room {
                room = CHUNK.min(left).max(size);
                gpu.check_buffer(room)?;
                self.chunks.push(gpu.storage("constants", room));
                end = 0;
            }
            let place = Place { chunk: self.chunks.len() - 1, offset: end, bytes: constant.bytes };
            gpu.queue().write_buffer(self.chunks[place.chunk].raw(), place.offset, &bytes);
            self.places.insert(constant.label.clone(), place);
            end += size;
            room -= size;
            left -= size;
            done += constant.bytes;
            pacer.progress(Stage::Loading, done as f32 / total as f32);
            pacer.checkpoint().await?;
        }
        // The copies wait in the queue's own memory until something is submitted.
        gpu.queue().submit([]);
        gpu.check()
    }

    /// The part of a buffer that holds the constant of this label.
    pub(super) fn binding(&self, label: &str) -> Option<wgpu::BufferBinding<'_>> {
        let place = self.places.get(label)?;
        Some(wgpu::BufferBinding {
            buffer: self.chunks[place.chunk].raw(),
            offset: place.offset,
            size: std::num::NonZero::new(place.bytes.next_multiple_of(16)),
        })
    }
}
