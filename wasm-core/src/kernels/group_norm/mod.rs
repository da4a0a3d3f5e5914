//! Group normalisation, with the activation that may follow it.

pub mod reference;

use super::{Activation, out, quads, real};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, Program, View};
use crate::{Error, Result};

/// Parts that a group's statistics are made of, at most; the kernel has room for as many.
const MOST_PARTS: u32 = 64;
/// Quads that a workgroup takes into its statistics, at least: 8 for each invocation.
const PART: u32 = 8 * 256;
/// Quads that a workgroup normalises.
const CHUNK: u32 = 4 * 256;

/// `Y = act((X - mean) / sqrt(variance + epsilon) * weight + bias)`, mean and variance being those of a group of
/// consecutive channels in one sample.
#[derive(Clone, Copy, Debug)]
pub struct GroupNorm<'a> {
    /// What it is in the network.
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

#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
struct StatisticsParams {
    x_offset: u32,
    x_plane: u32,
    x_batch: u32,
    out_offset: u32,
    out_group: u32,
    out_batch: u32,
    channels: u32,
    pixels: u32,
    quads: u32,
    chunk: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
struct ApplyParams {
    x_offset: u32,
    x_plane: u32,
    x_batch: u32,
    y_offset: u32,
    y_plane: u32,
    y_batch: u32,
    moments_offset: u32,
    moments_group: u32,
    moments_batch: u32,
    channels: u32,
    all_channels: u32,
    quads: u32,
    chunk: u32,
    parts: u32,
    reach: u32,
    activation: u32,
    epsilon: f32,
}

impl GroupNorm<'_> {
    /// Appends two dispatches to the graph: the statistics, and their use.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (x, y) = (self.x, self.y);
        if x.shape() != y.shape() || self.groups == 0 || x.channels % self.groups != 0 || x.pixels() == 0 {
            let (from, to) = (x.shape(), y.shape());
            return Err(Error::Shape(format!("{}: {} groups of {from:?} to {to:?}", self.label, self.groups)));
        }
        let channels = x.channels / self.groups;
        let channel_quads = x.pixels().div_ceil(4);
        let all = channels * channel_quads;
        let part = all.div_ceil(all.div_ceil(PART).min(MOST_PARTS)).next_multiple_of(256);
        let parts = all.div_ceil(part);
        // A sample that is seen several times needs its statistics once.
        let samples = if x.batch_stride == 0 { 1 } else { x.batch };
        let moments = g.tensor(Element::F32, [samples, self.groups, 1, 4 * parts]);
        let elements = u64::from(x.channels) * u64::from(x.pixels());

        let params = StatisticsParams {
            x_offset: quads(x.offset),
            x_plane: quads(x.plane),
            x_batch: quads(x.batch_stride),
            out_offset: quads(moments.offset),
            out_group: quads(moments.plane),
            out_batch: quads(moments.batch_stride),
            channels,
            pixels: x.pixels(),
            quads: channel_quads,
            chunk: part,
        };
        let program = Program::new("group_norm_statistics", include_str!("group_norm_statistics.wgsl"))
            .with("", include_str!("../prelude/reduce.wgsl"));
        let program = real(program, x.element);
        let statistics = Dispatch::new(self.label, program, [self.groups, parts, samples], &params)
            .read(&View { batch: samples, ..x })
            .write(&moments)
            .flops(5 * elements * u64::from(samples));
        g.dispatch(statistics);

        let moments = if samples == x.batch { moments } else { moments.repeat(x.batch) };
        let params = ApplyParams {
            x_offset: quads(x.offset),
            x_plane: quads(x.plane),
            x_batch: quads(x.batch_stride),
            y_offset: quads(y.offset),
            y_plane: quads(y.plane),
            y_batch: quads(y.batch_stride),
            moments_offset: quads(moments.offset),
            moments_group: quads(moments.plane),
            moments_batch: quads(moments.batch_stride),
            channels,
            all_channels: x.channels,
            quads: channel_quads,
            chunk: CHUNK,
            parts,
            reach: parts.next_power_of_two() / 2,
            activation: self.activation as u32,
            epsilon: self.epsilon,
        };
        let program = Program::new("group_norm_apply", include_str!("group_norm_apply.wgsl"))
            .with("", include_str!("../prelude/activation.wgsl"));
        let program = real(out(program, y.element), x.element);
        let apply = Dispatch::new(self.label, program, [all.div_ceil(CHUNK), self.groups, x.batch], &params)
            .constant(self.affine)
            .read(&x)
            .read(&moments)
            .write(&y)
            .flops(4 * elements * u64::from(x.batch));
        g.dispatch(apply);
        Ok(())
    }
}
