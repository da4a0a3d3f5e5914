//! Matrix product: 1x1 convolutions, linear maps, and the products of attention.

pub mod reference;

use super::{Activation, Factors, Tile, kernel, out, real, wgsl};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, Program, Strides, View, params};
use crate::{Error, Result};

/// The left factor W.
#[derive(Clone, Copy, Debug)]
pub enum Left {
    /// `[K, M padded to 4]` of f16.
    Weights(ConstantId),
    /// `[K, M padded to 4]` of signed 8-bit integers; their scale is part of [`Matmul::affine`].
    Weights8(ConstantId),
    /// Another activation as `[K, M]`, or `[B, K, M]`: channels are k, pixels are m. Must be f32.
    Tensor(View),
}

/// `Y[b] = act(scale * W X[b] + bias) + residuals`, sum and bias times [`Factors`], or with a W for each b.
#[derive(Clone, Copy, Debug)]
pub struct Matmul<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// W.
    pub left: Left,
    /// X: `[B, K, N]`, N being the pixels of a channel.
    pub x: View,
    /// Scale `[M padded to 4]`, then the bias `[steps, M padded to 4]`, in f32.
    pub affine: Option<ConstantId>,
    /// Whether the bias has a row for each step.
    pub bias_by_step: bool,
    /// What the products and the bias are multiplied by.
    pub factors: Factors,
    /// What follows the sum.
    pub activation: Activation,
    /// Added after the activation: `[B, M, N]`, at most two.
    pub residuals: &'a [View],
    /// Y: `[B, M, N]`.
    pub y: View,
}

params! {
    struct Params {
        w: Strides,
        x: Strides,
        y: Strides,
        r: Strides,
        s: Strides,
        m: u32,
        n: u32,
        k: u32,
        activation: u32,
        residuals: u32,
        bias_step: u32,
        affine_row: u32,
        of_sum: f32,
        of_bias: f32,
        first: u32,
    }
}

impl Matmul<'_> {
    /// Appends the product to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        self.record_in(g, Tile::fitting(self.y.channels, self.y.pixels(), self.y.batch))
    }

    /// As [`Matmul::record`], in tiles of the caller's choice.
    ///
    /// # Errors
    /// As [`Matmul::record`].
    pub fn record_in(&self, g: &mut Graph, tile: Tile) -> Result<()> {
        let (x, y) = (self.x, self.y);
        if !self.fits() {
            return Err(Error::Shape(format!("{}: matmul of {:?} to {:?}", self.label, x.shape(), y.shape())));
        }
        let (m, n, k) = (y.channels, y.pixels(), x.channels);
        let workgroups = tile.workgroups(m, n, y.batch);
        let dispatch = Dispatch::new(self.label, self.program(tile), workgroups, &self.params())
            .splits(std::mem::offset_of!(Params, first))
            .step();
        let dispatch = tile.assumed(dispatch);
        let dispatch = match self.left {
            Left::Weights(w) | Left::Weights8(w) => dispatch.constant(w),
            Left::Tensor(w) => dispatch.read(&w),
        };
        let dispatch = match self.affine {
            Some(affine) => dispatch.constant(affine),
            None => dispatch.unused(&x),
        };
        let mut dispatch = dispatch.read(&x);
        for at in 0..2 {
            dispatch = match self.residuals.get(at) {
                Some(residual) => dispatch.read(residual),
                None => dispatch.unused(&x),
            };
        }
        g.dispatch(dispatch.write(&y).flops(2 * u64::from(m) * u64::from(n) * u64::from(k) * u64::from(y.batch)));
        Ok(())
    }

    fn fits(&self) -> bool {
        let (x, y) = (self.x, self.y);
        let left = match self.left {
            Left::Weights(_) | Left::Weights8(_) => true,
            Left::Tensor(w) => {
                [1, y.batch].contains(&w.batch)
                    && (w.channels, w.pixels(), w.element) == (x.channels, y.channels, Element::F32)
            }
        };
        left && x.pixels() == y.pixels()
            && x.batch == y.batch
            && self.residuals.len() <= 2
            && self.residuals.iter().all(|r| r.shape() == y.shape() && r.element == x.element)
    }

    fn params(&self) -> Params {
        let (x, y) = (self.x, self.y);
        let padded = y.channels.next_multiple_of(4);
        let w = match self.left {
            Left::Weights(_) | Left::Weights8(_) => Strides::of_rows(padded),
            Left::Tensor(w) if w.batch == 1 => Strides::of(&w.repeat(y.batch)),
            Left::Tensor(w) => Strides::of(&w),
        };
        let residual = |at: usize| Strides::of(self.residuals.get(at).unwrap_or(&x));
        Params {
            w,
            x: Strides::of(&x),
            y: Strides::of(&y),
            r: residual(0),
            s: residual(1),
            m: y.channels,
            n: y.pixels(),
            k: x.channels,
            activation: self.activation as u32,
            residuals: self.residuals.len() as u32,
            bias_step: if self.bias_by_step { padded } else { 0 },
            affine_row: if self.affine.is_some() { padded } else { 0 },
            of_sum: self.factors.sum,
            of_bias: self.factors.bias,
            first: 0,
        }
    }

    fn program(&self, tile: Tile) -> Program {
        let program = kernel("matmul", wgsl!("matmul.wgsl")).with("", wgsl!("../prelude/activation.wgsl"));
        let program = real(out(program, self.y.element), self.x.element);
        tile.choose(match self.left {
            Left::Weights(_) => program.with("w16", wgsl!("../prelude/weight_f16.wgsl")),
            Left::Weights8(_) => program.with("w8", wgsl!("../prelude/weight_i8.wgsl")),
            Left::Tensor(_) => program.with("w32", wgsl!("../prelude/weight_f32.wgsl")),
        })
    }
}
