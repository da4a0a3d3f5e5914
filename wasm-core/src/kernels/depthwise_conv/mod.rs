//! Depthwise 3x3 convolution, with the activation or gate that follows it in the network.

pub mod reference;

use super::{Activation, kernel, out, real, wgsl};
use crate::gpu::{ConstantId, Dispatch, Graph, LANES, Strides, View, params};
use crate::{Error, Result};

/// What follows the convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An activation; Y has the channels of X.
    Plain(Activation),
    /// The second half of the channels, through a SiLU, times the first half; Y has half the channels of X.
    Gated,
}

/// `Y = act(scale * conv(X) + bias)`, each channel with its own 3x3 taps, stride 1, one pixel of zeros around.
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseConv<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// X: `[B, C, H, W]`.
    pub x: View,
    /// `[C, 12]` of f32: 9 taps row by row, scale, bias, and one number that is not used.
    pub weights: ConstantId,
    /// What follows.
    pub form: Form,
    /// Y: `[B, C, H, W]`, or `[B, C / 2, H, W]` if gated.
    pub y: View,
}

params! {
    struct Params {
        x: Strides,
        y: Strides,
        channels: u32,
        height: u32,
        width: u32,
        row_quads: u32,
        tiles: u32,
        activation: u32,
        gated: u32,
    }
}

impl DepthwiseConv<'_> {
    /// Appends the convolution to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if X and Y do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (x, y) = (self.x, self.y);
        let (ratio, activation) = match self.form {
            Form::Plain(activation) => (1, activation),
            Form::Gated => (2, Activation::None),
        };
        if (x.batch, x.channels, x.height, x.width) != (y.batch, ratio * y.channels, y.height, y.width) {
            let (from, to) = (x.shape(), y.shape());
            return Err(Error::Shape(format!("{}: depthwise conv of {from:?} to {to:?}", self.label)));
        }
        let whole = x.width % 4 == 0;
        let row_quads = if whole { x.width / 4 } else { 0 };
        let tiles = if whole { row_quads * x.height.div_ceil(4) } else { x.pixels().div_ceil(4) };
        let params = Params {
            x: Strides::of(&x),
            y: Strides::of(&y),
            channels: y.channels,
            height: x.height,
            width: x.width,
            row_quads,
            tiles,
            activation: activation as u32,
            gated: u32::from(self.form == Form::Gated),
        };
        let program =
            kernel("depthwise_conv", wgsl!("depthwise_conv.wgsl")).with("", wgsl!("../prelude/activation.wgsl"));
        let program = real(out(program, y.element), x.element);
        let workgroups = [(y.channels * tiles).div_ceil(LANES), 1, y.batch];
        let elements = u64::from(x.batch) * u64::from(x.channels) * u64::from(x.pixels());
        let dispatch = Dispatch::new(self.label, program, workgroups, &params)
            .constant(self.weights)
            .read(&x)
            .write(&y)
            .flops(20 * elements);
        g.dispatch(dispatch);
        Ok(())
    }
}
