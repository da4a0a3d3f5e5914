//! Content lambda of a lambda layer (LambdaNetworks, arXiv:2102.08602): what all pixels together contribute to each of them.

pub mod reference;

use super::{quads, real};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, Program, View};
use crate::{Error, Result};

/// Side of the tile of results that a workgroup computes.
const SIDE: u32 = 16;
/// Pixels staged at a time.
const ROUND: u32 = 64;
/// Workgroups that keep a large GPU busy.
const ENOUGH: u32 = 320;

/// `Y[b, k, v] = bias[k] + sum_n P[b, k, n] V[b, v, n]`.
#[derive(Clone, Copy, Debug)]
pub struct LambdaContent<'a> {
    /// What it is in the network.
    pub label: &'a str,
    /// P: `[B, K, N]`, the keys after their softmax over the pixels.
    pub p: View,
    /// V: `[B, Vd, N]`, the values, stored as P is.
    pub v: View,
    /// `[K]` in f32: the bias of the position convolution, which adds to every column.
    pub bias: ConstantId,
    /// Y: `[B, K, 1, Vd]` of f32.
    pub y: View,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
struct PartialParams {
    keys: u32,
    values: u32,
    pixels: u32,
    k_offset: u32,
    k_row: u32,
    k_batch: u32,
    v_offset: u32,
    v_row: u32,
    v_batch: u32,
    value_tiles: u32,
    rounds: u32,
    partial_chunk: u32,
    partial_batch: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
struct SumParams {
    keys: u32,
    values: u32,
    chunks: u32,
    partial_chunk: u32,
    partial_batch: u32,
    y_offset: u32,
    y_row: u32,
    y_batch: u32,
}

impl LambdaContent<'_> {
    /// Appends the two dispatches to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (p, v, y) = (self.p, self.v, self.y);
        let (keys, values, pixels) = (p.channels, v.channels, p.pixels());
        let fits = v.pixels() == pixels
            && v.element == p.element
            && v.batch == p.batch
            && y.shape() == [p.batch, keys, 1, values]
            && y.element == Element::F32;
        if !fits {
            let shapes = format!("{:?} and {:?} to {:?}", p.shape(), v.shape(), y.shape());
            return Err(Error::Shape(format!("{}: content lambda of {shapes}", self.label)));
        }
        let value_tiles = values.div_ceil(SIDE);
        let tiles = keys.div_ceil(SIDE) * value_tiles;
        let all_rounds = pixels.div_ceil(ROUND);
        let wanted = ENOUGH.div_ceil(tiles * p.batch);
        let rounds = all_rounds.div_ceil(wanted);
        let chunks = all_rounds.div_ceil(rounds);
        let partials = g.tensor(Element::F32, [p.batch, chunks, keys, values]);

        let params = PartialParams {
            keys,
            values,
            pixels,
            k_offset: quads(p.offset),
            k_row: quads(p.plane),
            k_batch: quads(p.batch_stride),
            v_offset: quads(v.offset),
            v_row: quads(v.plane),
            v_batch: quads(v.batch_stride),
            value_tiles,
            rounds,
            partial_chunk: partials.plane,
            partial_batch: partials.batch_stride,
        };
        let program = Program::new("lambda_content_partial", include_str!("lambda_content_partial.wgsl"));
        let products = [p.batch, keys, values, pixels].map(u64::from).iter().product::<u64>();
        g.dispatch(
            Dispatch::new(self.label, real(program, p.element), [tiles, chunks, p.batch], &params)
                .read(&p)
                .read(&v)
                .write(&partials)
                .flops(2 * products),
        );

        let params = SumParams {
            keys,
            values,
            chunks,
            partial_chunk: partials.plane,
            partial_batch: partials.batch_stride,
            y_offset: y.offset,
            y_row: y.plane,
            y_batch: y.batch_stride,
        };
        let program = Program::new("lambda_content_sum", include_str!("lambda_content_sum.wgsl"));
        let sums = [p.batch, keys, values, chunks].map(u64::from).iter().product::<u64>();
        g.dispatch(
            Dispatch::new(self.label, program, [(keys * values).div_ceil(256), p.batch, 1], &params)
                .read(&partials)
                .constant(self.bias)
                .write(&y)
                .flops(sums),
        );
        Ok(())
    }
}
