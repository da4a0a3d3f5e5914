//! One set of buffers for the tensors of several graphs that never run at the same time.

use std::collections::HashMap;

use super::graph::{Graph, Lifetime, TensorId};
use super::{Buffer, Gpu, View};
use crate::{GpuError, Result};

/// Where each tensor of a graph is in the arena.
#[derive(Debug)]
pub struct Layout {
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In a buffer that tensors share: which one, and the first byte and how many.
    Shared {
        slot: usize,
        offset: u64,
        bytes: u64,
    },
    Persistent(usize),
    /// No dispatch touches it.
    None,
}

/// Offsets in a buffer: WebGPU's largest `minStorageBufferOffsetAlignment`.
const ALIGNMENT: u64 = 256;

/// One set of buffers for several graphs.
///
/// Temporary tensors share buffers with those that live at other times, and lie beside each other where they live at the same time. But WebGPU
/// forbids to read and write the same buffer in one dispatch, even in disjoint parts: what a dispatch writes is never in a buffer with
/// anything else that it binds.
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

/// A temporary tensor, and the first and the last dispatch that touch it, counted through all graphs.
struct Living {
    graph: usize,
    tensor: usize,
    bytes: u64,
    first: usize,
    last: usize,
    /// Tensors of the graph that cannot be in the same buffer.
    apart: Vec<TensorId>,
}

impl Living {
    fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    fn is_apart_from(&self, other: &Self) -> bool {
        self.graph == other.graph && self.apart.contains(&TensorId(other.tensor))
    }

    /// The first place in a slot of this size where nothing is that lives at the same time; `taken` has what is there and its offsets.
    fn place_among(&self, size: u64, taken: &[(u64, &Self)]) -> Option<u64> {
        let mut beside: Vec<_> = taken.iter().filter(|(_, other)| self.overlaps(other)).collect();
        if beside.iter().any(|(_, other)| self.is_apart_from(other)) {
            return None;
        }
        beside.sort_by_key(|(offset, _)| *offset);
        let mut free_from = 0;
        for (offset, other) in beside {
            if free_from + self.bytes <= *offset {
                break;
            }
            free_from = free_from.max((offset + other.bytes).next_multiple_of(ALIGNMENT));
        }
        (free_from + self.bytes <= size).then_some(free_from)
    }
}

impl Arena {
    /// Finds a place for every tensor of `graphs`, which never run at the same time.
    ///
    /// The largest tensors choose first: each takes the smallest slot in which it finds room, or else a new one, which is then as large as the
    /// tensor. So no slot is larger than its largest tensor, and small tensors fill what the large ones leave free.
    pub fn of(graphs: &[&Graph]) -> (Self, Vec<Layout>) {
        let mut arena = Self::default();
        let mut layouts: Vec<Layout> =
            graphs.iter().map(|graph| Layout { places: vec![Place::None; graph.tensors.len()] }).collect();
        let (mut temporary, mut begin) = (vec![], 0);
        for (number, graph) in graphs.iter().enumerate() {
            let uses = graph.uses().into_iter().zip(graph.apart());
            for (at, (tensor, (used, apart))) in graph.tensors.iter().zip(uses).enumerate() {
                if tensor.lifetime == Lifetime::Persistent {
                    layouts[number].places[at] = Place::Persistent(arena.persist(&tensor.label, tensor.bytes));
                } else if let Some((first, last)) = used {
                    let (first, last) = (begin + first, begin + last);
                    temporary.push(Living { graph: number, tensor: at, bytes: tensor.bytes, first, last, apart });
                }
            }
            begin += graph.nodes.len();
        }
        // Stable: equal tensors choose in the order in which they are made.
        temporary.sort_by_key(|tensor| std::cmp::Reverse(tensor.bytes));
        let mut taken: Vec<Vec<(u64, &Living)>> = vec![];
        for tensor in &temporary {
            // Later slots are smaller.
            let found = (0..taken.len())
                .rev()
                .find_map(|slot| tensor.place_among(arena.slots[slot], &taken[slot]).map(|offset| (slot, offset)));
            let (slot, offset) = found.unwrap_or_else(|| {
                taken.push(vec![]);
                arena.slots.push(tensor.bytes);
                (taken.len() - 1, 0)
            });
            taken[slot].push((offset, tensor));
            layouts[tensor.graph].places[tensor.tensor] = Place::Shared { slot, offset, bytes: tensor.bytes };
        }
        (arena, layouts)
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

    /// Bytes of each buffer that tensors share.
    pub fn shared(&self) -> &[u64] {
        &self.slots
    }

    /// Bytes of the largest slot: what `maxBufferSize` and `maxStorageBufferBindingSize` must allow.
    pub fn largest(&self) -> u64 {
        self.slots.iter().copied().chain(self.persistent.iter().map(|(_, bytes)| *bytes)).max().unwrap_or(0)
    }

    /// Makes the buffers.
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

    /// What of a buffer a dispatch binds for a tensor.
    pub(super) fn binding(&self, layout: &Layout, tensor: TensorId) -> Option<wgpu::BufferBinding<'_>> {
        match layout.places[tensor.0] {
            Place::Shared { slot, offset, bytes } => Some(wgpu::BufferBinding {
                buffer: self.buffers.get(slot)?.raw(),
                offset,
                size: std::num::NonZero::new(bytes),
            }),
            Place::Persistent(slot) => Some(self.persistent_buffers.get(slot)?.raw().as_entire_buffer_binding()),
            Place::None => None,
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

    /// The buffer of a view's tensor in a graph laid out here, for writing or reading it from outside.
    ///
    /// # Errors
    /// [`GpuError::Internal`] if the tensor is not persistent, or nothing in the graph touches it.
    pub fn of_view(&self, layout: &Layout, view: &View) -> Result<&Buffer> {
        let found = match layout.places[view.tensor.0] {
            Place::Persistent(slot) => self.persistent_buffers.get(slot),
            Place::Shared { .. } | Place::None => None,
        };
        Ok(found.ok_or_else(|| GpuError::Internal("the tensor does not last, or is not in use".into()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::{Dispatch, Element, Program, params};

    params! {
        struct Nothing {
            unused: u32,
        }
    }

    /// A chain of dispatches, each of which reads the last two tensors and writes one of some of these sizes.
    fn chain(sizes: &[u32], kept: &str) -> Graph {
        let mut g = Graph::new();
        let mut last = [g.persistent(kept, Element::F32, [1, 1, 1, 4]); 2];
        for &size in sizes {
            let next = g.tensor(Element::F32, [1, 1, 1, size]);
            let dispatch = Dispatch::new("link", Program::new("test", ""), [1, 1, 1], &Nothing { unused: 0 });
            g.dispatch(dispatch.read(&last[0]).read(&last[1]).write(&next));
            last = [last[1], next];
        }
        g
    }

    /// Whether the places of two tensors have a byte in common.
    fn intersect(a: Place, b: Place) -> bool {
        match (a, b) {
            (Place::Shared { slot, offset, bytes }, Place::Shared { slot: other, offset: from, bytes: more }) => {
                slot == other && offset < from + more && from < offset + bytes
            }
            (a, b) => a == b,
        }
    }

    /// Checks all places of these graphs against each other.
    fn check(all: &[&Graph], arena: &Arena, layouts: &[Layout]) {
        for (graph, layout) in all.iter().zip(layouts) {
            let used: Vec<_> = graph.uses().into_iter().zip(&layout.places).zip(&graph.tensors).collect();
            let apart = graph.apart();
            for (at, ((span, place), tensor)) in used.iter().enumerate() {
                let Some((first, last)) = *span else { continue };
                match **place {
                    Place::Shared { slot, offset, bytes } => {
                        assert_eq!((bytes, offset % ALIGNMENT), (tensor.bytes, 0));
                        assert!(offset + bytes <= arena.slots[slot]);
                    }
                    Place::Persistent(slot) => assert_eq!(arena.persistent[slot].1, tensor.bytes),
                    Place::None => panic!("a tensor in use has no place"),
                }
                for (other, ((span, beside), _)) in used[..at].iter().enumerate() {
                    let Some((from, to)) = *span else { continue };
                    let at_once = from <= last && first <= to;
                    assert!(!at_once || !intersect(**place, **beside), "two tensors at once in {place:?}");
                    let slots = [**place, **beside].map(|place| match place {
                        Place::Shared { slot, .. } => Some(slot),
                        Place::Persistent(_) | Place::None => None,
                    });
                    let shares = slots[0].is_some() && slots[0] == slots[1];
                    let conflict = apart[at].contains(&TensorId(other));
                    assert!(!(shares && conflict), "a dispatch reads and writes {place:?} and {beside:?}");
                }
            }
        }
    }

    #[test]
    fn what_lives_at_the_same_time_is_apart_and_no_buffer_is_larger_than_a_tensor() {
        let graphs =
            [chain(&[4, 400, 8, 4000, 40, 400, 4], "kept"), chain(&[4000, 4, 16, 40], "kept"), chain(&[80], "other")];
        let all: Vec<&Graph> = graphs.iter().collect();
        let (arena, layouts) = Arena::of(&all);
        check(&all, &arena, &layouts);
        assert_eq!(arena.largest(), 16_000);
        // Three live at a time, and a dispatch writes one of them; the fourth is for what the ends of two others keep out of the third.
        assert_eq!(arena.shared(), [16_000, 1600, 160, 32]);
        assert_eq!(arena.persistent.len(), 2);
    }

    #[test]
    fn tensors_that_no_dispatch_reads_and_writes_lie_beside_each_other_in_one_buffer() {
        let mut g = Graph::new();
        let new = || Dispatch::new("link", Program::new("test", ""), [1, 1, 1], &Nothing { unused: 0 });
        let [large, half, other, result] = [1000, 500, 500, 4].map(|size| g.tensor(Element::F32, [1, 1, 1, size]));
        g.dispatch(new().write(&large));
        g.dispatch(new().read(&large).write(&result));
        // These two are made at different times and read together, while the large one is no longer needed.
        g.dispatch(new().write(&half));
        g.dispatch(new().write(&other));
        g.dispatch(new().read(&half).read(&other).write(&result));
        let (arena, layouts) = Arena::of(&[&g]);
        check(&[&g], &arena, &layouts);
        // 500 numbers and the gap behind them leave no room for 500 more: an offset is a multiple of 256 bytes.
        assert_eq!(arena.shared(), [4000, 2000, 16]);
        let mut g = Graph::new();
        let [large, half, other, result] = [1088, 500, 500, 4].map(|size| g.tensor(Element::F32, [1, 1, 1, size]));
        g.dispatch(new().write(&large));
        g.dispatch(new().read(&large).write(&result));
        g.dispatch(new().write(&half));
        g.dispatch(new().write(&other));
        g.dispatch(new().read(&half).read(&other).write(&result));
        let (arena, layouts) = Arena::of(&[&g]);
        check(&[&g], &arena, &layouts);
        assert_eq!(arena.shared(), [4352, 16]);
    }

    #[test]
    fn random_graphs_are_laid_out_without_a_conflict() {
        let mut state = 1_u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..40 {
            let mut g = Graph::new();
            let tensors: Vec<_> =
                (0..12 + random(20)).map(|_| g.tensor(Element::F32, [1, 1, 1, 1 + random(3000) as u32])).collect();
            for at in 0..tensors.len() {
                let new = Dispatch::new("link", Program::new("test", ""), [1, 1, 1], &Nothing { unused: 0 });
                let near = |reach: u64| tensors[at.saturating_sub(reach as usize)];
                let [one, two] = [random(6), random(4)].map(|reach| near(1 + reach));
                g.dispatch(new.read(&one).read(&two).write(&tensors[at]));
            }
            let (arena, layouts) = Arena::of(&[&g]);
            check(&[&g], &arena, &layouts);
            assert!(arena.bytes() <= g.tensors.iter().map(|tensor| tensor.bytes).sum());
        }
    }
}
