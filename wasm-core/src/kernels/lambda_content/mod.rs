//! Content lambda of a lambda layer (LambdaNetworks, arXiv:2102.08602): the sum over all pixels, which is the same for each of them.

pub mod reference;

use super::{kernel, real, wgsl};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, LANES, Strides, View, params};
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
    /// Its task in the network, which becomes part of the dispatch's label.
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

params! {
    struct PartialParams {
        k: Strides,
        v: Strides,
        partial: Strides,
        keys: u32,
        values: u32,
        pixels: u32,
        value_tiles: u32,
        rounds: u32,
    }
}

params! {
    struct SumParams {
        partial: Strides,
        y: Strides,
        keys: u32,
        values: u32,
        chunks: u32,
    }
}

impl LambdaContent<'_> {
    /// Appends the two dispatches to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (p, v, y) = (self.p, self.v, self.y);
        let fits = v.pixels() == p.pixels()
            && v.element == p.element
            && v.batch == p.batch
            && y.shape() == [p.batch, p.channels, 1, v.channels]
            && y.element == Element::F32;
        if !fits {
            let shapes = format!("{:?} and {:?} to {:?}", p.shape(), v.shape(), y.shape());
            return Err(Error::Shape(format!("{}: content lambda of {shapes}", self.label)));
        }
        let partials = self.record_partials(g);
        self.record_sum(g, partials);
        Ok(())
    }

    /// The sums over chunks of the pixels: `[B, chunks, K, Vd]`.
    fn record_partials(&self, g: &mut Graph) -> View {
        let (p, v) = (self.p, self.v);
        let (keys, values, pixels) = (p.channels, v.channels, p.pixels());
        let value_tiles = values.div_ceil(SIDE);
        let tiles = keys.div_ceil(SIDE) * value_tiles;
        let all_rounds = pixels.div_ceil(ROUND);
        let wanted = ENOUGH.div_ceil(tiles * p.batch);
        let rounds = all_rounds.div_ceil(wanted);
        let chunks = all_rounds.div_ceil(rounds);
        let partials = g.tensor(Element::F32, [p.batch, chunks, keys, values]);
        let params = PartialParams {
            k: Strides::of(&p),
            v: Strides::of(&v),
            partial: Strides::of(&partials),
            keys,
            values,
            pixels,
            value_tiles,
            rounds,
        };
        let program = kernel("lambda_content_partial", wgsl!("lambda_content_partial.wgsl"));
        let products = [p.batch, keys, values, pixels].map(u64::from).iter().product::<u64>();
        g.dispatch(
            Dispatch::new(self.label, real(program, p.element), [tiles, chunks, p.batch], &params)
                .assumes("SIDE", SIDE)
                .assumes("QUADS", ROUND / 4)
                .read(&p)
                .read(&v)
                .write(&partials)
                .flops(2 * products),
        );
        partials
    }

    fn record_sum(&self, g: &mut Graph, partials: View) {
        let [batch, chunks, keys, values] = partials.shape();
        let params = SumParams { partial: Strides::of(&partials), y: Strides::of(&self.y), keys, values, chunks };
        let program = kernel("lambda_content_sum", wgsl!("lambda_content_sum.wgsl"));
        let sums = [batch, keys, values, chunks].map(u64::from).iter().product::<u64>();
        g.dispatch(
            Dispatch::new(self.label, program, [(keys * values).div_ceil(LANES), batch, 1], &params)
                .read(&partials)
                .constant(self.bias)
                .write(&self.y)
                .flops(sums),
        );
    }
}
