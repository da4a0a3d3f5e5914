//! 3x3 convolutions of stride 1 or 2, and nearest-neighbour doubling together with the 3x3 convolution that follows it.

pub mod reference;

use super::{Activation, Factors, Tile, kernel, out, real, wgsl};
use crate::gpu::{ConstantId, Dispatch, Graph, Program, Strides, View, params};
use crate::{Error, Result};

/// Stride and padding of the 3x3 windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Stride 1, with a border of zeros one pixel wide on all sides.
    Same,
    /// Stride 2, with a border of zeros one pixel wide on all sides.
    Half,
    /// Stride 2, with a row of zeros below and a column of zeros to the right only.
    HalfBottomRight,
    /// Nearest-neighbour doubling, then as [`Window::Same`]; computed as four phases of 2x2 windows.
    Doubled,
}

impl Window {
    /// The number of phases of the result, and the number of taps of each.
    fn phases_and_taps(self) -> (u32, u32) {
        if self == Self::Doubled { (4, 4) } else { (1, 9) }
    }

    /// H' and W' of the result.
    pub fn result(self, height: u32, width: u32) -> [u32; 2] {
        match self {
            Self::Same => [height, width],
            Self::Half => [height.div_ceil(2), width.div_ceil(2)],
            Self::HalfBottomRight => [height / 2, width / 2],
            Self::Doubled => [2 * height, 2 * width],
        }
    }
}

/// W: `[9, C, M padded to 4]`, as [`pack`] orders it.
#[derive(Clone, Copy, Debug)]
pub enum Filters {
    /// Of f16.
    F16(ConstantId),
    /// Of signed 8-bit integers.
    I8 {
        /// The integers.
        filters: ConstantId,
        /// What those of each output are multiplied by: `[M padded to 4]` in f32.
        scales: ConstantId,
    },
}

impl Filters {
    /// The program for such filters.
    pub(super) fn choose(self, program: Program) -> Program {
        match self {
            Self::F16(_) => program.with("w16", wgsl!("../prelude/weight_f16.wgsl")),
            Self::I8 { .. } => program.with("w8", wgsl!("../prelude/weight_i8.wgsl")),
        }
    }

    /// The filters, and their scales, or something in the place of these.
    pub(super) fn constants(self) -> [ConstantId; 2] {
        match self {
            Self::F16(filters) => [filters, filters],
            Self::I8 { filters, scales } => [filters, scales],
        }
    }

    /// Whether there are scales.
    pub(super) fn are_scaled(self) -> bool {
        matches!(self, Self::I8 { .. })
    }
}

/// `Y[b] = act(W * X[b] + bias) + residual`.
#[derive(Clone, Copy, Debug)]
pub struct Conv2d<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// Stride and padding of the windows.
    pub window: Window,
    /// W.
    pub weights: Filters,
    /// `[M padded to 4]` in f32.
    pub bias: ConstantId,
    /// X: `[B, C, H, W]`.
    pub x: View,
    /// What the sum and the bias are multiplied by.
    pub factors: Factors,
    /// What follows the sum.
    pub activation: Activation,
    /// Added after the activation: `[B, M, H', W']`.
    pub residual: Option<View>,
    /// Y: `[B, M, H', W']`.
    pub y: View,
}

params! {
    struct Params {
        x: Strides,
        y: Strides,
        r: Strides,
        m: u32,
        channels: u32,
        taps: u32,
        taps_x: u32,
        step: u32,
        pad: u32,
        phases: u32,
        in_height: u32,
        in_width: u32,
        height: u32,
        width: u32,
        activation: u32,
        residuals: u32,
        scaled: u32,
        of_sum: f32,
        of_bias: f32,
        first: u32,
    }
}

impl Conv2d<'_> {
    /// Appends the convolution to the graph as an implicit matrix product. Many are faster by [`winograd`](super::winograd).
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let params = self.params();
        let tile = Tile::fitting(params.m, params.height * params.width, self.y.batch * params.phases);
        self.record_in(g, tile)
    }

    /// Whether the operands fit together.
    pub(super) fn fits(&self) -> bool {
        let (x, y) = (self.x, self.y);
        [y.height, y.width] == self.window.result(x.height, x.width)
            && x.batch == y.batch
            && self.residual.is_none_or(|r| r.shape() == y.shape() && r.element == x.element)
    }

    /// As [`Conv2d::record`], in tiles of the caller's choice.
    ///
    /// # Errors
    /// As [`Conv2d::record`].
    pub fn record_in(&self, g: &mut Graph, tile: Tile) -> Result<()> {
        let (x, y) = (self.x, self.y);
        if !self.fits() {
            return Err(Error::Shape(format!("{}: convolution of {:?} to {:?}", self.label, x.shape(), y.shape())));
        }
        let params = self.params();
        let (pixels, samples) = (params.height * params.width, y.batch * params.phases);
        let workgroups = tile.workgroups(y.channels, pixels, samples);
        let dispatch = Dispatch::new(self.label, self.program(tile), workgroups, &params)
            .splits(std::mem::offset_of!(Params, first));
        let [filters, scales] = self.weights.constants();
        let dispatch = tile.assumed(dispatch).constant(filters).constant(self.bias).constant(scales).read(&x);
        let dispatch = match &self.residual {
            Some(residual) => dispatch.read(residual),
            None => dispatch.unused(&x),
        };
        let products = u64::from(samples * y.channels * x.channels) * u64::from(pixels * params.taps);
        g.dispatch(dispatch.write(&y).flops(2 * products));
        Ok(())
    }

    fn params(&self) -> Params {
        let (x, y) = (self.x, self.y);
        let (phases, taps) = self.window.phases_and_taps();
        let (height, width) = if phases == 4 { (x.height, x.width) } else { (y.height, y.width) };
        let (step, pad) = match self.window {
            Window::Same => (1, 1),
            Window::Half => (2, 1),
            Window::HalfBottomRight => (2, 0),
            // The phase decides.
            Window::Doubled => (1, 0),
        };
        Params {
            x: Strides::of(&x),
            y: Strides::of(&y),
            r: Strides::of(&self.residual.unwrap_or(x)),
            m: y.channels,
            channels: x.channels,
            taps,
            taps_x: if phases == 4 { 2 } else { 3 },
            step,
            pad,
            phases,
            in_height: x.height,
            in_width: x.width,
            height,
            width,
            activation: self.activation as u32,
            residuals: self.residual.is_some().into(),
            scaled: self.weights.are_scaled().into(),
            of_sum: self.factors.sum,
            of_bias: self.factors.bias,
            first: 0,
        }
    }

    fn program(&self, tile: Tile) -> Program {
        let program = kernel("conv2d", wgsl!("conv2d.wgsl")).with("", wgsl!("../prelude/activation.wgsl"));
        let program = real(out(program, self.y.element), self.x.element);
        let program = self.weights.choose(program);
        tile.choose(match self.window {
            Window::Doubled => program.with("doubled", wgsl!("taps_summed.wgsl")),
            _ => program.with("", wgsl!("taps_single.wgsl")),
        })
    }
}

/// `[M, C, 3, 3]` as `[9, C, M padded to 4]`.
pub fn pack<T: Copy + Default>(w: &[T], m: usize, c: usize) -> Vec<T> {
    let padded = m.next_multiple_of(4);
    let mut packed = vec![T::default(); 9 * c * padded];
    for o in 0..m {
        for i in 0..c {
            for t in 0..9 {
                packed[(t * c + i) * padded + o] = w[(o * c + i) * 9 + t];
            }
        }
    }
    packed
}
