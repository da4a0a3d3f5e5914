//! One set of buffers for the tensors of several graphs that never run at the same time.

use std::collections::HashMap;

use super::graph::{Binding, Graph, Lifetime, TensorId};
use super::{Buffer, Gpu, View};
use crate::{GpuError, Result};

/// Which slot of the arena each tensor of a graph has.
#[derive(Debug)]
pub struct Layout {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Shared(usize),
    Persistent(usize),
    /// No dispatch touches it.
    None,
}

/// One set of buffers for several graphs.
///
/// Each slot is a buffer and holds one tensor at a time: WebGPU forbids to read and write the same buffer in one dispatch,
/// even in disjoint parts.
#[derive(Debug, Default)]
pub struct Arena {
    /// Sizes of the shared slots in bytes.
    slots: Vec<u64>,
    /// Labels and sizes of the persistent ones.
    persistent: Vec<(String, u64)>,
    by_label: HashMap<String, usize>,
    buffers: Vec<Buffer>,
    persistent_buffers: Vec<Buffer>,
}

impl Arena {
    /// An arena without slots.
    pub fn new() -> Self {
        Self::default()
    }

    /// Finds a slot for every tensor of `graph`. The graph with the largest tensors should be laid out first, so that the others fit
    /// into its slots.
    pub fn lay_out(&mut self, graph: &Graph) -> Layout {
        let mut uses: Vec<Option<(usize, usize)>> = vec![None; graph.tensors.len()];
        for (at, node) in graph.nodes.iter().enumerate() {
            for binding in &node.bindings {
                if let Binding::Read(TensorId(t)) | Binding::Write(TensorId(t)) = binding {
                    uses[*t] = Some((uses[*t].map_or(at, |(first, _)| first), at));
                }
            }
        }
        let mut slots = vec![Slot::None; graph.tensors.len()];
        let mut starts: Vec<Vec<usize>> = vec![vec![]; graph.nodes.len()];
        let mut ends: Vec<Vec<usize>> = vec![vec![]; graph.nodes.len()];
        for (t, tensor) in graph.tensors.iter().enumerate() {
            if tensor.lifetime == Lifetime::Persistent {
                slots[t] = Slot::Persistent(self.persist(&tensor.label, tensor.bytes));
            } else if let Some((first, last)) = uses[t] {
                starts[first].push(t);
                ends[last].push(t);
            }
        }
        let mut free: Vec<usize> = (0..self.slots.len()).collect();
        for at in 0..graph.nodes.len() {
            // The largest tensors of a dispatch choose first, so that no small one takes a large slot.
            starts[at].sort_by_key(|&t| std::cmp::Reverse(graph.tensors[t].bytes));
            for &t in &starts[at] {
                let slot = self.take(&mut free, graph.tensors[t].bytes);
                slots[t] = Slot::Shared(slot);
            }
            for &t in &ends[at] {
                if let Slot::Shared(slot) = slots[t] {
                    free.push(slot);
                }
            }
        }
        Layout { slots }
    }

    /// The smallest free slot of at least `bytes`; or else the largest free one, enlarged; or else a new one.
    fn take(&mut self, free: &mut Vec<usize>, bytes: u64) -> usize {
        let fitting = (0..free.len()).filter(|&i| self.slots[free[i]] >= bytes).min_by_key(|&i| self.slots[free[i]]);
        let chosen = fitting.or_else(|| (0..free.len()).max_by_key(|&i| self.slots[free[i]]));
        match chosen {
            Some(i) => {
                let slot = free.swap_remove(i);
                self.slots[slot] = self.slots[slot].max(bytes);
                slot
            }
            None => {
                self.slots.push(bytes);
                self.slots.len() - 1
            }
        }
    }

    fn persist(&mut self, label: &str, bytes: u64) -> usize {
        if let Some(&known) = self.by_label.get(label) {
            self.persistent[known].1 = self.persistent[known].1.max(bytes);
            return known;
        }
        self.by_label.insert(label.to_owned(), self.persistent.len());
        self.persistent.push((label.to_owned(), bytes));
        self.persistent.len() - 1
    }

    /// Bytes of all slots.
    pub fn bytes(&self) -> u64 {
        self.slots.iter().sum::<u64>() + self.persistent.iter().map(|(_, bytes)| bytes).sum::<u64>()
    }

    /// Bytes of the largest slot: what `maxBufferSize` and `maxStorageBufferBindingSize` must allow.
    pub fn largest(&self) -> u64 {
        self.slots.iter().copied().chain(self.persistent.iter().map(|(_, bytes)| *bytes)).max().unwrap_or(0)
    }

    /// Makes the buffers. Every graph must have been laid out.
    ///
    /// # Errors
    /// [`GpuError::Limit`] if the adapter allows no buffer of the size needed.
    pub fn allocate(&mut self, gpu: &Gpu) -> Result<()> {
        gpu.check_buffer(self.largest())?;
        for (i, bytes) in self.slots.iter().enumerate() {
            self.buffers.push(gpu.storage(&format!("slot {i}"), *bytes));
        }
        for (label, bytes) in &self.persistent {
            self.persistent_buffers.push(gpu.storage(label, *bytes));
        }
        Ok(())
    }

    /// The buffer of a tensor.
    pub(super) fn buffer(&self, layout: &Layout, tensor: TensorId) -> Option<&Buffer> {
        match layout.slots[tensor.0] {
            Slot::Shared(slot) => self.buffers.get(slot),
            Slot::Persistent(slot) => self.persistent_buffers.get(slot),
            Slot::None => None,
        }
    }

    /// The buffer of a persistent tensor.
    ///
    /// # Errors
    /// [`GpuError::Internal`] if no graph has such a tensor: a fault in our code.
    pub fn persistent(&self, label: &str) -> Result<&Buffer> {
        let found = self.by_label.get(label).and_then(|&slot| self.persistent_buffers.get(slot));
        Ok(found.ok_or_else(|| GpuError::Internal(format!("there is no tensor {label}")))?)
    }

    /// The buffer of a view's tensor in a graph laid out here, for reading it back.
    ///
    /// # Errors
    /// [`GpuError::Internal`] if nothing in the graph touches it.
    pub fn of_view(&self, layout: &Layout, view: &View) -> Result<&Buffer> {
        Ok(self.buffer(layout, view.tensor).ok_or_else(|| GpuError::Internal("the tensor is not in use".into()))?)
    }
}
