//! Group normalisation, with the activation that may follow it.

pub mod reference;

use super::{Activation, kernel, out, real, wgsl};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, LANES, Strides, View, params};
use crate::{Error, Result};

/// Most parts that the statistics of a group are computed in; the program has room for as many.
const MAX_PARTS: u32 = 64;
/// Fewest quads of a part of the statistics: 8 for each invocation.
const PART: u32 = 8 * LANES;
/// Most quads of a group that one workgroup normalises alone: 24 for each invocation.
const ALONE: u32 = 24 * LANES;
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
    struct ByChannelParams {
        moments: Strides,
        table: Strides,
        channels: u32,
        first: u32,
        all_channels: u32,
        parts: u32,
        reach: u32,
        epsilon: f32,
    }
}

params! {
    struct WholeParams {
        x: Strides,
        y: Strides,
        channels: u32,
        all_channels: u32,
        pixels: u32,
        quads: u32,
        activation: u32,
        epsilon: f32,
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

/// A GroupNorm of some channels that the kernel which reads them does, followed by SiLU: the normalised map is never stored.
#[derive(Clone, Copy, Debug)]
pub struct OnRead<'a> {
    /// Its task in the network, which becomes part of the dispatches' labels.
    pub label: &'a str,
    /// X: `[B, C, H, W]`.
    pub x: View,
    /// Weight, then bias, in f32, of all channels that are normalised.
    pub affine: ConstantId,
    /// Which of them is the first of X.
    pub first: u32,
    /// How many they are.
    pub all: u32,
    /// How many groups X has; divides C.
    pub groups: u32,
    /// Keeps the divisor from 0.
    pub epsilon: f32,
}

impl OnRead<'_> {
    /// Appends two dispatches to the graph. Their result, `[B, 1, 1, 4 C]`, has four numbers for each channel: pivot, rest, scale and bias.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<View> {
        let x = self.x;
        let split = Split::of(self.label, x, self.groups)?;
        let moments = split.record_statistics(g);
        let table = g.tensor(Element::F32, [x.batch, 1, 1, 4 * x.channels]);
        let params = ByChannelParams {
            moments: Strides::of(&moments),
            table: Strides::of(&table),
            channels: split.channels,
            first: self.first,
            all_channels: self.all,
            parts: split.parts,
            reach: split.reach(),
            epsilon: self.epsilon,
        };
        let program =
            kernel("group_norm_by_channel", wgsl!("group_norm_by_channel.wgsl")).with("", wgsl!("merge_moments.wgsl"));
        let dispatch = Dispatch::new(self.label, program, [self.groups, 1, x.batch], &params)
            .assumes("PARTS", MAX_PARTS)
            .constant(self.affine)
            .read(&moments)
            .write(&table);
        g.dispatch(dispatch);
        Ok(table)
    }
}

/// How the quads of a group are divided among workgroups.
struct Split<'a> {
    label: &'a str,
    x: View,
    groups: u32,
    /// Channels of a group.
    channels: u32,
    /// Quads of a channel, the last one perhaps not full.
    quads: u32,
    /// Quads of a part of the statistics.
    part: u32,
    /// How many parts a group has.
    parts: u32,
}

impl<'a> Split<'a> {
    fn of(label: &'a str, x: View, groups: u32) -> Result<Self> {
        if groups == 0 || !x.channels.is_multiple_of(groups) || x.pixels() == 0 {
            return Err(Error::Shape(format!("{label}: {groups} groups of {:?}", x.shape())));
        }
        let (channels, quads) = (x.channels / groups, x.pixels().div_ceil(4));
        let all = channels * quads;
        let part = all.div_ceil(all.div_ceil(PART).min(MAX_PARTS)).next_multiple_of(LANES);
        Ok(Self { label, x, groups, channels, quads, part, parts: all.div_ceil(part) })
    }

    /// Half of the parts, as the next power of two; 0 for one part.
    fn reach(&self) -> u32 {
        self.parts.next_power_of_two() / 2
    }

    /// The moments: `[samples, groups, parts]` of four numbers.
    fn record_statistics(&self, g: &mut Graph) -> View {
        let x = self.x;
        // The statistics of a sample that a view repeats are computed once.
        let samples = if x.batch_stride == 0 { 1 } else { x.batch };
        let moments = g.tensor(Element::F32, [samples, self.groups, 1, 4 * self.parts]);
        let params = StatisticsParams {
            x: Strides::of(&x),
            moments: Strides::of(&moments),
            channels: self.channels,
            pixels: x.pixels(),
            quads: self.quads,
            chunk: self.part,
        };
        let program = kernel("group_norm_statistics", wgsl!("group_norm_statistics.wgsl"))
            .with("", wgsl!("../prelude/reduce.wgsl"));
        let workgroups = [self.groups, self.parts, samples];
        let elements = u64::from(x.channels) * u64::from(x.pixels());
        let statistics = Dispatch::new(self.label, real(program, x.element), workgroups, &params)
            .read(&View { batch: samples, ..x })
            .write(&moments)
            .flops(5 * elements * u64::from(samples));
        g.dispatch(statistics);
        if samples == x.batch { moments } else { moments.repeat(x.batch) }
    }
}

impl GroupNorm<'_> {
    /// Appends the normalisation to the graph: a dispatch where groups are small, or else two, the first one for the statistics.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let split = self.split()?;
        if split.channels * split.quads <= ALONE {
            self.record_whole(g, &split);
        } else {
            let moments = split.record_statistics(g);
            self.record_use(g, &split, moments);
        }
        Ok(())
    }

    /// As [`GroupNorm::record`], in two dispatches whatever the size.
    ///
    /// # Errors
    /// As [`GroupNorm::record`].
    pub fn record_in_two(&self, g: &mut Graph) -> Result<()> {
        let split = self.split()?;
        let moments = split.record_statistics(g);
        self.record_use(g, &split, moments);
        Ok(())
    }

    fn split(&self) -> Result<Split<'_>> {
        let (x, y) = (self.x, self.y);
        if x.shape() != y.shape() {
            let (from, to) = (x.shape(), y.shape());
            return Err(Error::Shape(format!("{}: {} groups of {from:?} to {to:?}", self.label, self.groups)));
        }
        Split::of(self.label, x, self.groups)
    }

    fn record_whole(&self, g: &mut Graph, split: &Split<'_>) {
        let (x, y) = (self.x, self.y);
        let params = WholeParams {
            x: Strides::of(&x),
            y: Strides::of(&y),
            channels: split.channels,
            all_channels: x.channels,
            pixels: x.pixels(),
            quads: split.quads,
            activation: self.activation as u32,
            epsilon: self.epsilon,
        };
        let program =
            kernel("group_norm_whole", wgsl!("group_norm_whole.wgsl")).with("", wgsl!("../prelude/activation.wgsl"));
        let program = program.with("", wgsl!("../prelude/reduce.wgsl"));
        let program = real(out(program, y.element), x.element);
        let elements = u64::from(x.batch) * u64::from(x.channels) * u64::from(x.pixels());
        let dispatch = Dispatch::new(self.label, program, [self.groups, 1, x.batch], &params)
            .constant(self.affine)
            .read(&x)
            .write(&y)
            .flops(9 * elements);
        g.dispatch(dispatch);
    }

    fn record_use(&self, g: &mut Graph, split: &Split<'_>, moments: View) {
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
            reach: split.reach(),
            activation: self.activation as u32,
            epsilon: self.epsilon,
        };
        let program =
            kernel("group_norm_apply", wgsl!("group_norm_apply.wgsl")).with("", wgsl!("../prelude/activation.wgsl"));
        let program = program.with("", wgsl!("merge_moments.wgsl"));
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
