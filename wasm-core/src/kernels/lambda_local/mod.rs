//! Self-lambda of a lambda layer (LambdaNetworks, arXiv:2102.08602): queries times the content lambda and the position lambda of
//! their surroundings, 15 x 15 pixels.

pub mod reference;

use super::{kernel, out, real, wgsl};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, Program, Strides, View, params};
use crate::{Error, Result};

/// Side of the position filters.
const SIDE: usize = 15;
/// Heads that a workgroup computes.
const HEADS: u32 = 4;
/// Values that a workgroup computes.
const CHUNK: u32 = 40;
/// Pixels of the tile that a workgroup computes, in x and y.
const TILE: [u32; 2] = [16, 4];

/// `Y[b, a, v, n] = sum_k Q[b, a, k, n] (L[b, k, v] + sum_r W[k, r] V[b, v, n + r])` for each head a, plus a residual.
#[derive(Clone, Copy, Debug)]
pub struct LambdaLocal<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// Q: `[B, heads K, H, W]`. The number of heads must be a multiple of 4.
    pub q: View,
    /// V: `[B, Vd, H, W]`, stored as Q is; 0 outside the map.
    pub v: View,
    /// L: `[B, K, 1, Vd]` of f32, the content lambda. A bias of the position filters is part of it.
    pub content: View,
    /// W: the position filters as [`pack_filters`] makes them.
    pub filters: ConstantId,
    /// Added to the result: `[B, heads Vd, H, W]`, stored as Q is.
    pub residual: Option<View>,
    /// Y: `[B, heads Vd, H, W]`.
    pub y: View,
}

params! {
    struct Params {
        q: Strides,
        l: Strides,
        v: Strides,
        r: Strides,
        y: Strides,
        g: Strides,
        keys: u32,
        values: u32,
        height: u32,
        width: u32,
        tiles_x: u32,
        chunks: u32,
        residual: u32,
        ahead: u32,
    }
}

params! {
    struct WeightsParams {
        q: Strides,
        g: Strides,
        keys: u32,
        height: u32,
        width: u32,
        tiles_x: u32,
    }
}

/// Bytes of [`pack_filters`] for K keys.
pub fn packed_filters_bytes(keys: usize) -> u64 {
    (SIDE * keys * 16 * 4) as u64
}

/// `[K, 15, 15]` as `[15 (dy), K, 16 (dx)]` of f32, the sixteenth of a row being 0.
pub fn pack_filters(weights: &[f32], keys: usize) -> Vec<u8> {
    let mut packed = Vec::with_capacity(SIDE * keys * 16 * 4);
    for dy in 0..SIDE {
        for k in 0..keys {
            for weight in &weights[(k * SIDE + dy) * SIDE..][..SIDE] {
                packed.extend_from_slice(&weight.to_le_bytes());
            }
            packed.extend_from_slice(&0.0_f32.to_le_bytes());
        }
    }
    packed
}

impl LambdaLocal<'_> {
    /// Appends the dispatch to the graph; two where there are more values than a workgroup computes, so that the filters are contracted with
    /// the queries once all the same.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (q, v, l, y) = (self.q, self.v, self.content, self.y);
        if !self.fits() {
            let shapes = format!("{:?}, {:?} and {:?} to {:?}", q.shape(), l.shape(), v.shape(), y.shape());
            return Err(Error::Shape(format!("{}: lambda of {shapes}", self.label)));
        }
        let heads = q.channels / l.channels;
        let ahead = (v.channels > CHUNK).then(|| self.record_weights(g));
        let (tiles_x, chunks) = (q.width.div_ceil(TILE[0]), v.channels.div_ceil(CHUNK));
        let params = Params {
            q: Strides::of(&q),
            l: Strides::of(&l),
            v: Strides::of(&v),
            r: Strides::of(&self.residual.unwrap_or(q)),
            y: Strides::of(&y),
            g: Strides::of(&ahead.unwrap_or(q)),
            keys: l.channels,
            values: v.channels,
            height: q.height,
            width: q.width,
            tiles_x,
            chunks,
            residual: self.residual.is_some().into(),
            ahead: ahead.is_some().into(),
        };
        let workgroups = [tiles_x * q.height.div_ceil(TILE[1]), heads / HEADS * chunks, q.batch];
        let dispatch = Dispatch::new(self.label, self.program(), workgroups, &params);
        let dispatch = dispatch.assumes("HEADS", HEADS).assumes("CHUNK", CHUNK);
        let dispatch = dispatch.read(&q).read(&l).read(&v);
        let dispatch = match &ahead {
            Some(weights) => dispatch.read(weights),
            None => dispatch.constant(self.filters),
        };
        let dispatch = match &self.residual {
            Some(residual) => dispatch.read(residual),
            None => dispatch.unused(&q),
        };
        let [keys, values] = [l.channels, v.channels].map(u64::from);
        let taps = (SIDE * SIDE) as u64;
        let each = keys * values + taps * (if ahead.is_some() { 0 } else { keys } + values);
        let queries = u64::from(q.batch) * u64::from(heads) * u64::from(q.pixels());
        g.dispatch(dispatch.write(&y).flops(2 * queries * each));
        Ok(())
    }

    /// The filters contracted with the queries, for all tiles.
    fn record_weights(&self, g: &mut Graph) -> View {
        let (q, keys) = (self.q, self.content.channels);
        let (heads, tiles_x) = (q.channels / keys, q.width.div_ceil(TILE[0]));
        let tiles = tiles_x * q.height.div_ceil(TILE[1]);
        let side = SIDE as u32;
        let weights = g.tensor(Element::F32, [q.batch, heads * side * 16, 1, tiles * TILE[0] * TILE[1]]);
        let params = WeightsParams {
            q: Strides::of(&q),
            g: Strides::of(&weights),
            keys,
            height: q.height,
            width: q.width,
            tiles_x,
        };
        let program = kernel("lambda_weights", wgsl!("lambda_weights.wgsl"));
        let program = real(
            if q.width.is_multiple_of(4) {
                program.with("aligned", wgsl!("queries_aligned.wgsl"))
            } else {
                program.with("ragged", wgsl!("queries_ragged.wgsl"))
            },
            q.element,
        );
        let products = u64::from(side * side) * u64::from(q.batch * q.channels) * u64::from(q.pixels());
        let dispatch = Dispatch::new(self.label, program, [tiles, heads / HEADS * side, q.batch], &params)
            .assumes("HEADS", HEADS)
            .read(&q)
            .constant(self.filters)
            .write(&weights);
        g.dispatch(dispatch.flops(2 * products));
        weights
    }

    fn fits(&self) -> bool {
        let (q, v, l, y) = (self.q, self.v, self.content, self.y);
        let (keys, values) = (l.channels, v.channels);
        let heads = q.channels / keys.max(1);
        heads > 0
            && heads.is_multiple_of(HEADS)
            && q.channels == heads * keys
            && v.shape() == [q.batch, values, q.height, q.width]
            && v.element == q.element
            && l.shape() == [q.batch, keys, 1, values]
            && l.element == Element::F32
            && y.shape() == [q.batch, heads * values, q.height, q.width]
            && self.residual.is_none_or(|r| r.shape() == y.shape() && r.element == q.element)
    }

    fn program(&self) -> Program {
        let program = kernel("lambda_local", wgsl!("lambda_local.wgsl"));
        let program = if self.q.width.is_multiple_of(4) {
            program.with("aligned", wgsl!("rows_aligned.wgsl"))
        } else {
            program.with("ragged", wgsl!("rows_ragged.wgsl"))
        };
        real(out(program, self.y.element), self.q.element)
    }
}
