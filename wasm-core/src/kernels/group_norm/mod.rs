//! Group normalisation, with the activation that may follow it.

pub mod reference;

use super::{Activation, kernel, out, real, wgsl};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, LANES, Strides, View, params};
use crate::{Error, Result};

/// Most parts that the statistics of a group are computed in; the program has room for as many.
const MAX_PARTS: u32 = 64;
/// Fewest quads of a part of the statistics: 8 for each invocation.
const PART: u32 = 8 * LANES;
/// Quads that a workgroup normalises.
const CHUNK: u32 = 4 * LANES;

/// `Y = act((X - mean) / sqrt(variance + epsilon) * weight + bias)`, mean and variance being those of a group of
/// consecutive channels in one sample.
#[derive(Clone, Copy, Debug)]
pub struct GroupNorm<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// X: `[B, C, H, W]`.
    pub x: View,
    /// Weight `[C]`, then bias `[C]`, in f32.
    pub affine: ConstantId,
    /// How many groups; divides C.
    pub groups: u32,
    /// Keeps the divisor from 0.
    pub epsilon: f32,
    /// What follows.
    pub activation: Activation,
    /// Y: `[B, C, H, W]`.
    pub y: View,
}

params! {
    struct StatisticsParams {
        x: Strides,
        moments: Strides,
        channels: u32,
        pixels: u32,
        quads: u32,
        chunk: u32,
    }
}

params! {
    struct ApplyParams {
        x: Strides,
        y: Strides,
        moments: Strides,
        channels: u32,
        all_channels: u32,
        quads: u32,
        chunk: u32,
        parts: u32,
        reach: u32,
        activation: u32,
        epsilon: f32,
    }
}

/// How the quads of a group are divided among workgroups.
struct Split {
    /// Channels of a group.
    channels: u32,
    /// Quads of a channel, the last one perhaps not full.
    quads: u32,
    /// Quads of a part of the statistics.
    part: u32,
    /// How many parts a group has.
    parts: u32,
}

impl GroupNorm<'_> {
    /// Appends two dispatches to the graph: the statistics, and the normalisation.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (x, y) = (self.x, self.y);
        if x.shape() != y.shape() || self.groups == 0 || x.channels % self.groups != 0 || x.pixels() == 0 {
            let (from, to) = (x.shape(), y.shape());
            return Err(Error::Shape(format!("{}: {} groups of {from:?} to {to:?}", self.label, self.groups)));
        }
        let (channels, quads) = (x.channels / self.groups, x.pixels().div_ceil(4));
        let all = channels * quads;
        let part = all.div_ceil(all.div_ceil(PART).min(MAX_PARTS)).next_multiple_of(LANES);
        let split = Split { channels, quads, part, parts: all.div_ceil(part) };
        let moments = self.record_statistics(g, &split);
        self.record_use(g, &split, moments);
        Ok(())
    }

    /// The moments: `[samples, groups, parts]` of four numbers.
    fn record_statistics(&self, g: &mut Graph, split: &Split) -> View {
        let x = self.x;
        // The statistics of a sample that a view repeats are computed once.
        let samples = if x.batch_stride == 0 { 1 } else { x.batch };
        let moments = g.tensor(Element::F32, [samples, self.groups, 1, 4 * split.parts]);
        let params = StatisticsParams {
            x: Strides::of(&x),
            moments: Strides::of(&moments),
            channels: split.channels,
            pixels: x.pixels(),
            quads: split.quads,
            chunk: split.part,
        };
        let program = kernel("group_norm_statistics", wgsl!("group_norm_statistics.wgsl"))
            .with("", wgsl!("../prelude/reduce.wgsl"));
        let workgroups = [self.groups, split.parts, samples];
        let elements = u64::from(x.channels) * u64::from(x.pixels());
        let statistics = Dispatch::new(self.label, real(program, x.element), workgroups, &params)
            .read(&View { batch: samples, ..x })
            .write(&moments)
            .flops(5 * elements * u64::from(samples));
        g.dispatch(statistics);
        if samples == x.batch { moments } else { moments.repeat(x.batch) }
    }

    fn record_use(&self, g: &mut Graph, split: &Split, moments: View) {
        let (x, y) = (self.x, self.y);
        let params = ApplyParams {
            x: Strides::of(&x),
            y: Strides::of(&y),
            moments: Strides::of(&moments),
            channels: split.channels,
            all_channels: x.channels,
            quads: split.quads,
            chunk: CHUNK,
            parts: split.parts,
            reach: split.parts.next_power_of_two() / 2,
            activation: self.activation as u32,
            epsilon: self.epsilon,
        };
        let program =
            kernel("group_norm_apply", wgsl!("group_norm_apply.wgsl")).with("", wgsl!("../prelude/activation.wgsl"));
        let program = real(out(program, y.element), x.element);
        let workgroups = [(split.channels * split.quads).div_ceil(CHUNK), self.groups, x.batch];
        let elements = u64::from(x.channels) * u64::from(x.pixels());
        let apply = Dispatch::new(self.label, program, workgroups, &params)
            .assumes("PARTS", MAX_PARTS)
            .constant(self.affine)
            .read(&x)
            .read(&moments)
            .write(&y)
            .flops(4 * elements * u64::from(x.batch));
        g.dispatch(apply);
    }
}
