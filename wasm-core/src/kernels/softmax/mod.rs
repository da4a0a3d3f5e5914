//! Softmax over the pixels of a channel, or over the channels of a pixel.

pub mod reference;

use super::{out, quads, real};
use crate::gpu::{Dispatch, Graph, Program, View};
use crate::{Error, Result};

/// What sums up to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// The pixels of each channel: rows of the matrix `[C, N]`.
    Pixels,
    /// The channels of each pixel: its columns.
    Channels,
}

/// `Y = exp(X) / sum exp(X)` along one axis.
#[derive(Clone, Copy, Debug)]
pub struct Softmax<'a> {
    /// What it is in the network.
    pub label: &'a str,
    /// X: `[B, C, N]`, N being the pixels of a channel.
    pub x: View,
    /// What sums up to 1.
    pub axis: Axis,
    /// Y: `[B, C, N]`.
    pub y: View,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
struct Params {
    x_offset: u32,
    x_plane: u32,
    x_batch: u32,
    y_offset: u32,
    y_plane: u32,
    y_batch: u32,
    /// How many numbers sum up to 1.
    length: u32,
    quads: u32,
}

impl Softmax<'_> {
    /// Appends the softmax to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if X and Y differ.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (x, y) = (self.x, self.y);
        if (x.batch, x.channels, x.pixels()) != (y.batch, y.channels, y.pixels()) {
            return Err(Error::Shape(format!("{}: softmax of {:?} to {:?}", self.label, x.shape(), y.shape())));
        }
        let (program, length, workgroups) = match self.axis {
            Axis::Pixels => {
                let program = Program::new("softmax", include_str!("softmax.wgsl"))
                    .with("", include_str!("../prelude/reduce.wgsl"));
                (program, x.pixels(), [x.channels, 1, x.batch])
            }
            Axis::Channels => {
                let program = Program::new("softmax_columns", include_str!("softmax_columns.wgsl"))
                    .with("", include_str!("../prelude/reduce_columns.wgsl"));
                (program, x.channels, [x.pixels().div_ceil(16), 1, x.batch])
            }
        };
        let params = Params {
            x_offset: quads(x.offset),
            x_plane: quads(x.plane),
            x_batch: quads(x.batch_stride),
            y_offset: quads(y.offset),
            y_plane: quads(y.plane),
            y_batch: quads(y.batch_stride),
            length,
            quads: x.pixels().div_ceil(4),
        };
        let program = real(out(program, y.element), x.element);
        let elements = u64::from(x.batch) * u64::from(x.channels) * u64::from(x.pixels());
        let dispatch = Dispatch::new(self.label, program, workgroups, &params).read(&x).write(&y).flops(7 * elements);
        g.dispatch(dispatch);
        Ok(())
    }
}
