//! Softmax over the pixels of a channel, or over the channels of a pixel.

pub mod reference;

use super::{Columns, kernel, out, real, wgsl};
use crate::gpu::{Dispatch, Graph, Strides, View, params};
use crate::{Error, Result};

/// The axis along which results sum to 1.
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
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// X: `[B, C, N]`, N being the pixels of a channel.
    pub x: View,
    /// The axis along which results sum to 1.
    pub axis: Axis,
    /// Y: `[B, C, N]`.
    pub y: View,
}

params! {
    struct Params {
        x: Strides,
        y: Strides,
        /// Length of the axis along which results sum to 1.
        length: u32,
        quads: u32,
    }
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
        let columns = Columns::fitting(x.pixels(), x.batch);
        let (program, length, workgroups) = match self.axis {
            Axis::Pixels => {
                let program = kernel("softmax", wgsl!("softmax.wgsl")).with("", wgsl!("../prelude/reduce.wgsl"));
                (program, x.pixels(), [x.channels, 1, x.batch])
            }
            Axis::Channels => {
                let program = columns.choose(kernel("softmax_columns", wgsl!("softmax_columns.wgsl")));
                (program, x.channels, columns.workgroups(x.pixels(), x.batch))
            }
        };
        let params = Params { x: Strides::of(&x), y: Strides::of(&y), length, quads: x.pixels().div_ceil(4) };
        let program = real(out(program, y.element), x.element);
        let elements = u64::from(x.batch) * u64::from(x.channels) * u64::from(x.pixels());
        let dispatch = Dispatch::new(self.label, program, workgroups, &params);
        let dispatch = match self.axis {
            Axis::Pixels => dispatch,
            Axis::Channels => columns.assumed(dispatch),
        };
        let dispatch = dispatch.read(&x).write(&y).flops(7 * elements);
        g.dispatch(dispatch);
        Ok(())
    }
}
