//! Layer normalisation of tokens.

pub mod reference;

use super::{Columns, kernel, out, real, wgsl};
use crate::gpu::{ConstantId, Dispatch, Graph, Strides, View, params};
use crate::{Error, Result};

/// `Y = (X - mean) / sqrt(variance + epsilon) * weight + bias`, mean and variance being those of a pixel's channels.
#[derive(Clone, Copy, Debug)]
pub struct LayerNorm<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// X: `[B, C, N]`, N being the pixels of a channel.
    pub x: View,
    /// Weight `[C]`, then bias `[C]`, in f32.
    pub affine: ConstantId,
    /// Keeps the divisor from 0.
    pub epsilon: f32,
    /// Y: `[B, C, N]`.
    pub y: View,
}

params! {
    struct Params {
        x: Strides,
        y: Strides,
        channels: u32,
        quads: u32,
        epsilon: f32,
    }
}

impl LayerNorm<'_> {
    /// Appends the normalisation to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if X and Y differ.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        self.record_in(g, Columns::fitting(self.x.pixels(), self.x.batch))
    }

    /// As [`LayerNorm::record`], with workgroups of the caller's choice.
    ///
    /// # Errors
    /// As [`LayerNorm::record`].
    pub fn record_in(&self, g: &mut Graph, columns: Columns) -> Result<()> {
        let (x, y) = (self.x, self.y);
        if (x.batch, x.channels, x.pixels()) != (y.batch, y.channels, y.pixels()) {
            return Err(Error::Shape(format!("{}: layer norm of {:?} to {:?}", self.label, x.shape(), y.shape())));
        }
        let params = Params {
            x: Strides::of(&x),
            y: Strides::of(&y),
            channels: x.channels,
            quads: x.pixels().div_ceil(4),
            epsilon: self.epsilon,
        };
        let program = columns.choose(kernel("layer_norm", wgsl!("layer_norm.wgsl")));
        let program = real(out(program, y.element), x.element);
        let elements = u64::from(x.batch) * u64::from(x.channels) * u64::from(x.pixels());
        let dispatch = Dispatch::new(self.label, program, columns.workgroups(x.pixels(), x.batch), &params);
        let dispatch = columns.assumed(dispatch).constant(self.affine).read(&x).write(&y).flops(9 * elements);
        g.dispatch(dispatch);
        Ok(())
    }
}
