//! A network as a list of dispatches over tensors and constants. Nothing here touches a device.

use std::collections::HashMap;
use std::rc::Rc;

#[cfg(not(target_arch = "wasm32"))]
use super::Field;
use super::{Params, Program};
use crate::weights::Source;
use crate::{Error, Result};

/// How the numbers of an activation are stored. Arithmetic is always in f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// 32-bit floats.
    F32,
    /// 16-bit floats; needs the adapter's `shader-f16`.
    F16,
}

impl Element {
    /// Bytes of one number.
    pub fn size(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}

/// A tensor of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub(super) usize);

/// A constant of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConstantId(pub(super) usize);

/// How long a tensor's content must last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// From its first writer to its last reader. Other tensors use its memory before and after.
    Temporary,
    /// Beyond the run. Graphs of one arena share persistent tensors of equal labels.
    Persistent,
}

/// The storage that a tensor needs.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    /// Unique among the graph's persistent tensors.
    pub label: String,
    /// Bytes.
    pub bytes: u64,
    /// How long it must last.
    pub lifetime: Lifetime,
}

/// `[B, C, H, W]` inside a tensor: whole planes of pixels, one after the other, sample after sample.
///
/// A channel's pixels start `plane` elements after the last channel's: H·W rounded up to a multiple of 4, so that pixels can be
/// read in fours (what the padding holds is never defined), or more if the view shows some columns of a matrix. Samples
/// lie `batch_stride` elements apart, which lets two views share a tensor as a concatenation of channels, and lets all
/// samples be the same one (stride 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Where the elements are.
    pub tensor: TensorId,
    /// Their type.
    pub element: Element,
    /// B.
    pub batch: u32,
    /// C.
    pub channels: u32,
    /// H.
    pub height: u32,
    /// W.
    pub width: u32,
    /// First element; a multiple of 4.
    pub offset: u32,
    /// Elements from one channel to the next; a multiple of 4.
    pub plane: u32,
    /// Elements from one sample to the next.
    pub batch_stride: u32,
}

impl View {
    /// H·W.
    pub fn pixels(&self) -> u32 {
        self.height * self.width
    }

    /// `[B, C, H, W]`.
    pub fn shape(&self) -> [u32; 4] {
        [self.batch, self.channels, self.height, self.width]
    }

    /// Bytes of the view's own elements.
    pub fn bytes(&self) -> u64 {
        let samples = if self.batch_stride == 0 { 1 } else { u64::from(self.batch) };
        samples * u64::from(self.channels) * u64::from(self.pixels()) * self.element.size()
    }

    /// The channels `first..first + count`.
    #[must_use]
    pub fn slice(&self, first: u32, count: u32) -> Self {
        debug_assert!(first + count <= self.channels);
        Self { channels: count, offset: self.offset + first * self.plane, ..*self }
    }

    /// The first sample, seen `batch` times.
    #[must_use]
    pub fn repeat(&self, batch: u32) -> Self {
        Self { batch, batch_stride: 0, ..*self }
    }

    /// One sample.
    #[must_use]
    pub fn sample(&self, index: u32) -> Self {
        Self { batch: 1, offset: self.offset + index * self.batch_stride, ..*self }
    }

    /// The same elements as planes of another shape with as many pixels.
    #[must_use]
    pub fn reshaped(&self, channels: u32, height: u32, width: u32) -> Self {
        let plane = (height * width).next_multiple_of(4);
        debug_assert_eq!(channels * plane, self.channels * self.plane);
        Self { channels, height, width, plane, ..*self }
    }

    /// Channels as the rows of a matrix: its columns `first..first + count`. `first` must be a multiple of 4.
    #[must_use]
    pub fn columns(&self, first: u32, count: u32) -> Self {
        debug_assert!(first.is_multiple_of(4) && first + count <= self.pixels());
        Self { height: 1, width: count, offset: self.offset + first, ..*self }
    }
}

/// Makes a constant's bytes from the weights.
pub type Recipe = Rc<dyn Fn(&dyn Source) -> Result<Vec<u8>>>;

/// What a constant is made of.
#[derive(Clone)]
pub struct Constant {
    /// Two constants of one label are one constant, in one graph and among several.
    pub label: String,
    /// Bytes of the result.
    pub bytes: u64,
    /// Name and shape of each tensor of the state dict that the recipe reads.
    pub inputs: Vec<(String, Vec<usize>)>,
    /// Name and number of rows of each matrix whose scales the recipe reads where the matrix is stored in 8 bits.
    pub scales: Vec<(String, u32)>,
    /// Makes the bytes.
    pub recipe: Recipe,
    /// When the bytes can be made.
    pub when: When,
}

/// When a constant can be made of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// When the pack is written: the pack holds the result.
    Ahead,
    /// At loading, from tensors that the pack holds, because the result depends on the run or is larger than they are.
    Loading,
}

impl std::fmt::Debug for Constant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.label, self.bytes)
    }
}

/// A resource that a dispatch binds, from binding 1 on. Binding 0 holds the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    Read(TensorId),
    Write(TensorId),
    Constant(ConstantId),
    Step,
}

/// One recorded dispatch.
#[derive(Clone, Debug)]
pub struct Node {
    /// The module path it belongs to and what it does there, such as `up_blocks.0.resnets.1.conv1: pointwise`.
    pub label: String,
    /// The program that it runs.
    pub program: Program,
    /// The shapes of its tensors, for printing.
    pub shapes: String,
    /// Workgroups in x, y, z.
    pub workgroups: [u32; 3],
    /// Multiplications and additions, 2 for a fused pair.
    pub flops: u64,
    /// Bytes of the views that it reads and writes, each counted once.
    pub bytes: u64,
    pub(super) params: Vec<u8>,
    pub(super) bindings: Vec<Binding>,
    /// Offset in bytes, in the parameters, of the number of the first workgroup in x; none if the dispatch cannot be split.
    first: Option<usize>,
    /// The layout of its parameters in Rust, for comparison with the program.
    #[cfg(not(target_arch = "wasm32"))]
    pub fields: &'static [Field],
    /// Constants of the program on which the number of workgroups depends, with the values that Rust assumes.
    #[cfg(not(target_arch = "wasm32"))]
    pub assumed: Vec<(&'static str, u32)>,
}

/// A dispatch under construction.
#[derive(Debug)]
pub struct Dispatch {
    node: Node,
}

impl Dispatch {
    /// `program` over `workgroups`, with its uniform parameters.
    pub fn new<P: Params>(what: &str, program: Program, workgroups: [u32; 3], params: &P) -> Self {
        let mut params = bytemuck::bytes_of(params).to_vec();
        // A uniform struct's size counts in units of 16 bytes.
        params.resize(params.len().next_multiple_of(16), 0);
        Self {
            node: Node {
                label: what.to_owned(),
                program,
                shapes: String::new(),
                workgroups,
                flops: 0,
                bytes: 0,
                params,
                bindings: vec![],
                first: None,
                #[cfg(not(target_arch = "wasm32"))]
                fields: P::FIELDS,
                #[cfg(not(target_arch = "wasm32"))]
                assumed: vec![],
            },
        }
    }

    /// Binds the step counter.
    #[must_use]
    pub fn step(mut self) -> Self {
        self.node.bindings.push(Binding::Step);
        self
    }

    /// Binds a tensor to be read.
    #[must_use]
    pub fn read(mut self, view: &View) -> Self {
        self.note(view, "");
        self.node.bindings.push(Binding::Read(view.tensor));
        self
    }

    /// Binds a tensor where the program has a binding that this dispatch does not use, because bindings must not stay empty.
    #[must_use]
    pub fn unused(mut self, view: &View) -> Self {
        self.node.bindings.push(Binding::Read(view.tensor));
        self
    }

    /// Binds a tensor to be written.
    #[must_use]
    pub fn write(mut self, view: &View) -> Self {
        self.note(view, "-> ");
        self.node.bindings.push(Binding::Write(view.tensor));
        self
    }

    /// Binds a tensor to be read and written.
    #[must_use]
    pub fn rewrite(mut self, view: &View) -> Self {
        self.note(view, "");
        self.write(view)
    }

    /// Binds a constant.
    #[must_use]
    pub fn constant(mut self, constant: ConstantId) -> Self {
        self.node.bindings.push(Binding::Constant(constant));
        self
    }

    /// Sets the number of multiplications and additions.
    #[must_use]
    pub fn flops(mut self, flops: u64) -> Self {
        self.node.flops = flops;
        self
    }

    /// Allows the dispatch to be split into bands of workgroups in x. The program adds the u32 at offset `at` (bytes) of its parameters to
    /// the number of its workgroup in x, and no workgroup depends on another.
    #[must_use]
    pub fn splits(mut self, at: usize) -> Self {
        self.node.first = Some(at);
        self
    }

    /// States that the number of workgroups assumes that `constant` of the program is `value`. The test `facts` of `tests/parity` checks it.
    #[must_use]
    pub fn assumes(self, constant: &'static str, value: u32) -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        let this = {
            let mut this = self;
            this.node.assumed.push((constant, value));
            this
        };
        #[cfg(target_arch = "wasm32")]
        let this = {
            let _ = (constant, value);
            self
        };
        this
    }

    fn note(&mut self, view: &View, arrow: &str) {
        let [b, c, h, w] = view.shape();
        let gap = if self.node.shapes.is_empty() { "" } else { " " };
        self.node.shapes += &format!("{gap}{arrow}{b}x{c}x{h}x{w}");
        self.node.bytes += view.bytes();
    }
}

/// Most operations of a part of a dispatch: 40 ms at 0.1 TFLOP/s, which the slowest GPUs exceed.
const PART: u64 = 4_000_000_000;

/// A part of a dispatch: a band of its workgroups in x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The dispatch's parameters, with this band's first workgroup in them.
    pub(super) params: Vec<u8>,
    /// Workgroups in x, y, z.
    pub(super) workgroups: [u32; 3],
    /// Its share of the operations.
    pub(super) flops: u64,
}

/// How a program accesses a binding.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A uniform buffer.
    Uniform,
    /// A storage buffer that is only read.
    Read,
    /// A storage buffer that is written.
    Write,
}

impl Node {
    /// How each binding is accessed, from binding 0 on.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn accesses(&self) -> Vec<Access> {
        let bound = self.bindings.iter().map(|binding| match binding {
            Binding::Read(_) | Binding::Constant(_) => Access::Read,
            Binding::Write(_) => Access::Write,
            Binding::Step => Access::Uniform,
        });
        std::iter::once(Access::Uniform).chain(bound).collect()
    }

    /// The whole dispatch.
    pub(super) fn whole(&self) -> Part {
        Part { params: self.params.clone(), workgroups: self.workgroups, flops: self.flops }
    }

    /// The dispatch in parts of at most `largest` operations, or of a single workgroup in x if that has more. Empty if the whole dispatch has
    /// no more operations than that, or cannot be split.
    pub(super) fn parts(&self, largest: u64) -> Vec<Part> {
        let [across, down, deep] = self.workgroups;
        // Parts consist of whole workgroups. Dividing the workgroups by the number of parts could give one part almost twice `largest`.
        let fitting = (u64::from(across) * largest / self.flops.max(1)).max(1);
        let bands = u64::from(across).div_ceil(fitting) as u32;
        let Some(first) = self.first.filter(|_| bands > 1) else { return vec![] };
        let band = |number: u32| {
            let start = |number: u32| u64::from(number) * u64::from(across) / u64::from(bands);
            let (from, to) = (start(number), start(number + 1));
            let share = |upto: u64| self.flops * upto / u64::from(across);
            let mut params = self.params.clone();
            params[first..first + 4].copy_from_slice(&(from as u32).to_ne_bytes());
            Part { params, workgroups: [(to - from) as u32, down, deep], flops: share(to) - share(from) }
        };
        (0..bands).map(band).collect()
    }
}

/// A recorded network.
#[derive(Debug, Default)]
pub struct Graph {
    pub(super) tensors: Vec<Tensor>,
    pub(super) constants: Vec<Constant>,
    pub(super) nodes: Vec<Node>,
    by_label: HashMap<String, ConstantId>,
    taps: HashMap<String, View>,
    keep_taps: bool,
    /// Most operations of a part, if not [`PART`].
    part: Option<u64>,
    scope: Vec<String>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty graph in which every [`Graph::tap`] stays readable after the run. For tests: it takes more memory.
    pub fn with_taps() -> Self {
        Self { keep_taps: true, ..Self::default() }
    }

    /// An empty graph whose dispatches are split into parts of `operations`. For tests.
    pub fn in_parts_of(operations: u64) -> Self {
        Self { part: Some(operations), ..Self::default() }
    }

    /// Most operations of a part of a dispatch.
    pub(super) fn part(&self) -> u64 {
        self.part.unwrap_or(PART)
    }

    /// A new temporary tensor.
    pub fn tensor(&mut self, element: Element, [batch, channels, height, width]: [u32; 4]) -> View {
        self.allocate(String::new(), Lifetime::Temporary, element, [batch, channels, height, width])
    }

    /// The persistent tensor `label`, which all graphs of one arena share.
    pub fn persistent(&mut self, label: &str, element: Element, shape: [u32; 4]) -> View {
        self.allocate(label.to_owned(), Lifetime::Persistent, element, shape)
    }

    fn allocate(
        &mut self,
        label: String,
        lifetime: Lifetime,
        element: Element,
        [batch, channels, height, width]: [u32; 4],
    ) -> View {
        let tensor = TensorId(self.tensors.len());
        let plane = (height * width).next_multiple_of(4);
        let bytes = u64::from(batch) * u64::from(channels) * u64::from(plane) * element.size();
        let known = self.tensors.iter().position(|t| lifetime == Lifetime::Persistent && t.label == label);
        let tensor = match known {
            Some(known) => TensorId(known),
            None => {
                // Buffers are copied in words of 4 bytes, and kernels read elements in fours.
                self.tensors.push(Tensor { label, bytes: bytes.next_multiple_of(16), lifetime });
                tensor
            }
        };
        View { tensor, element, batch, channels, height, width, offset: 0, plane, batch_stride: channels * plane }
    }

    /// Adds a constant, unless the graph has one of the same label already.
    pub fn constant(&mut self, constant: Constant) -> ConstantId {
        if let Some(&known) = self.by_label.get(&constant.label) {
            return known;
        }
        let id = ConstantId(self.constants.len());
        self.by_label.insert(constant.label.clone(), id);
        self.constants.push(constant);
        id
    }

    /// Appends a dispatch.
    pub fn dispatch(&mut self, dispatch: Dispatch) {
        let mut node = dispatch.node;
        let scope = self.scope.join(".");
        if !scope.is_empty() {
            node.label = format!("{scope}: {}", node.label);
        }
        self.nodes.push(node);
    }

    /// Enters the submodule `name`: dispatches that follow belong to it.
    pub fn enter(&mut self, name: impl Into<String>) {
        self.scope.push(name.into());
    }

    /// Leaves the submodule that [`Graph::enter`] entered.
    pub fn leave(&mut self) {
        self.scope.pop();
    }

    /// The path of the present module, with `.` between its components.
    pub fn path(&self) -> String {
        self.scope.join(".")
    }

    /// Names the present content of `view` after the module path and `name` (if it is not empty), for comparison with a reference.
    pub fn tap(&mut self, name: &str, view: &View) {
        if !self.keep_taps {
            return;
        }
        let mut path = self.path();
        if !name.is_empty() {
            path += if path.is_empty() { "" } else { "." };
            path += name;
        }
        let tensor = &mut self.tensors[view.tensor.0];
        if tensor.lifetime == Lifetime::Temporary {
            tensor.lifetime = Lifetime::Persistent;
            tensor.label = format!("tap {} {path}", view.tensor.0);
        }
        self.taps.insert(path, *view);
    }

    /// Whether every [`Graph::tap`] stays readable, so that nothing that is tapped may be left out or overwritten.
    pub fn keeps_taps(&self) -> bool {
        self.keep_taps
    }

    /// The tapped views by name.
    pub fn taps(&self) -> &HashMap<String, View> {
        &self.taps
    }

    /// The dispatches in order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Bytes that a dispatch of this graph reads and writes, constants included.
    pub fn traffic(&self, node: &Node) -> u64 {
        let constants = node.bindings.iter().map(|binding| match binding {
            Binding::Constant(ConstantId(constant)) => self.constants[*constant].bytes,
            _ => 0,
        });
        node.bytes + constants.sum::<u64>()
    }

    /// The constants.
    pub fn constants(&self) -> &[Constant] {
        &self.constants
    }

    /// The label of a tensor; empty for temporaries.
    pub fn label(&self, tensor: TensorId) -> &str {
        &self.tensors[tensor.0].label
    }

    /// Name and shape of all tensors of the state dict that the constants' recipes read, sorted by name.
    ///
    /// # Errors
    /// [`Error::Shape`] if two constants disagree about a shape: a fault in the model's code.
    pub fn inputs(&self) -> Result<Vec<(String, Vec<usize>)>> {
        let mut inputs: Vec<_> = self.constants.iter().flat_map(|c| c.inputs.iter().cloned()).collect();
        inputs.sort();
        inputs.dedup();
        match inputs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(Error::Shape(format!("{} is used with two shapes", pair[0].0))),
            None => Ok(inputs),
        }
    }

    /// The first and the last dispatch that touch each tensor; none if no dispatch does.
    pub(super) fn uses(&self) -> Vec<Option<(usize, usize)>> {
        let mut uses: Vec<Option<(usize, usize)>> = vec![None; self.tensors.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            for binding in &node.bindings {
                if let Binding::Read(TensorId(t)) | Binding::Write(TensorId(t)) = binding {
                    uses[*t] = Some((uses[*t].map_or(at, |(first, _)| first), at));
                }
            }
        }
        uses
    }

    /// For each tensor, those that a dispatch binds beside it where it writes one of the two: WebGPU wants them in different buffers.
    pub(super) fn apart(&self) -> Vec<Vec<TensorId>> {
        let mut apart: Vec<Vec<TensorId>> = vec![vec![]; self.tensors.len()];
        for node in &self.nodes {
            let bound = || {
                node.bindings.iter().filter_map(|binding| match binding {
                    Binding::Read(tensor) => Some((*tensor, false)),
                    Binding::Write(tensor) => Some((*tensor, true)),
                    Binding::Constant(_) | Binding::Step => None,
                })
            };
            for (one, is_written) in bound() {
                for (other, also) in bound().filter(|(other, _)| *other != one) {
                    if (is_written || also) && !apart[one.0].contains(&other) {
                        apart[one.0].push(other);
                    }
                }
            }
        }
        apart
    }

    /// The dispatch at which its tensors take most, and what lives there: bytes and the label of the first dispatch that touches it (of a persistent
    /// tensor, its own), the largest first. Persistent tensors live always.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn peak(&self) -> (usize, Vec<(u64, &str)>) {
        let uses = self.uses();
        let living = |at: usize| {
            let tensors = self.tensors.iter().zip(&uses).filter_map(move |(tensor, used)| {
                let (first, last) = (*used)?;
                let is_persistent = tensor.lifetime == Lifetime::Persistent;
                let label = if is_persistent { &tensor.label } else { &self.nodes[first].label };
                (is_persistent || (first..=last).contains(&at)).then_some((tensor.bytes, label.as_str()))
            });
            tensors.collect::<Vec<_>>()
        };
        let bytes = |at: &usize| living(*at).iter().map(|(bytes, _)| bytes).sum::<u64>();
        let at = (0..self.nodes.len()).max_by_key(bytes).unwrap_or(0);
        let mut living = living(at);
        living.sort_by(|a, b| b.cmp(a));
        (at, living)
    }

    /// Operations of the whole graph.
    pub fn flops(&self) -> u64 {
        self.nodes.iter().map(|n| n.flops).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    super::super::params! {
        struct Banded {
            before: u32,
            first: u32,
            after: u32,
        }
    }

    fn parts(workgroups: [u32; 3], flops: u64, splits: bool) -> Vec<Part> {
        let mut g = Graph::new();
        let dispatch =
            Dispatch::new("work", Program::new("test", ""), workgroups, &Banded { before: 7, first: 0, after: 9 })
                .flops(flops);
        g.dispatch(if splits { dispatch.splits(4) } else { dispatch });
        g.nodes[0].parts(1000)
    }

    #[test]
    fn parts_cover_all_workgroups_once() {
        for (across, flops) in [(13, 5500), (5, 1_000_000), (3, 2999), (3, 1001), (10, 9000), (100, 1001)] {
            let parts = parts([across, 3, 2], flops, true);
            let widest = u64::from(across.div_ceil(parts.len() as u32 - 1));
            assert!(widest * flops > u64::from(across) * 1000, "fewer parts of {across} would do");
            let mut next = 0;
            for part in &parts {
                let params: Vec<u32> = bytemuck::pod_collect_to_vec(&part.params);
                assert_eq!(params, [7, next, 9, 0], "the first workgroup, and everything else as it was");
                assert!(part.workgroups[0] > 0);
                assert!(part.flops <= 1000 || part.workgroups[0] == 1, "{} operations at once", part.flops);
                assert_eq!(part.workgroups[1..], [3, 2]);
                next += part.workgroups[0];
            }
            assert_eq!(next, across);
            assert_eq!(parts.iter().map(|part| part.flops).sum::<u64>(), flops);
        }
    }

    #[test]
    fn what_is_small_or_cannot_be_split_has_no_parts() {
        assert_eq!(parts([13, 3, 2], 5500, false), []);
        assert_eq!(parts([7, 1, 1], 1000, true), []);
        assert_eq!(parts([1, 9, 9], 1_000_000, true), []);
    }
}
