//! Self-lambda of a lambda layer (LambdaNetworks, arXiv:2102.08602): queries times the content lambda and the position lambda of
//! their surroundings, 15 x 15 pixels.

pub mod reference;

use super::{out, real};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, Program, View};
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
    /// What it is in the network.
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

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
struct Params {
    keys: u32,
    values: u32,
    height: u32,
    width: u32,
    tiles_x: u32,
    chunks: u32,
    residual: u32,
    q_offset: u32,
    q_row: u32,
    q_batch: u32,
    l_offset: u32,
    l_row: u32,
    l_batch: u32,
    v_offset: u32,
    v_row: u32,
    v_batch: u32,
    r_offset: u32,
    r_row: u32,
    r_batch: u32,
    y_offset: u32,
    y_row: u32,
    y_batch: u32,
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
    /// Appends the dispatch to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (q, v, l, y) = (self.q, self.v, self.content, self.y);
        let (batch, keys, values, height, width) = (q.batch, l.channels, v.channels, q.height, q.width);
        let heads = q.channels / keys.max(1);
        let fits = heads > 0
            && heads % HEADS == 0
            && q.channels == heads * keys
            && v.shape() == [batch, values, height, width]
            && v.element == q.element
            && l.shape() == [batch, keys, 1, values]
            && l.element == Element::F32
            && y.shape() == [batch, heads * values, height, width]
            && self.residual.is_none_or(|r| r.shape() == y.shape() && r.element == q.element);
        if !fits {
            let shapes = format!("{:?}, {:?} and {:?} to {:?}", q.shape(), l.shape(), v.shape(), y.shape());
            return Err(Error::Shape(format!("{}: lambda of {shapes}", self.label)));
        }
        let r = self.residual.unwrap_or(q);
        let tiles_x = width.div_ceil(TILE[0]);
        let chunks = values.div_ceil(CHUNK);
        let params = Params {
            keys,
            values,
            height,
            width,
            tiles_x,
            chunks,
            residual: self.residual.is_some().into(),
            q_offset: q.offset,
            q_row: q.plane,
            q_batch: q.batch_stride,
            l_offset: l.offset,
            l_row: l.plane,
            l_batch: l.batch_stride,
            v_offset: v.offset,
            v_row: v.plane,
            v_batch: v.batch_stride,
            r_offset: r.offset,
            r_row: r.plane,
            r_batch: r.batch_stride,
            y_offset: y.offset,
            y_row: y.plane,
            y_batch: y.batch_stride,
        };
        let program = Program::new("lambda_local", include_str!("lambda_local.wgsl"));
        let program = if width % 4 == 0 {
            program.with("aligned", include_str!("rows_aligned.wgsl"))
        } else {
            program.with("ragged", include_str!("rows_ragged.wgsl"))
        };
        let program = real(out(program, y.element), q.element);
        let workgroups = [tiles_x * height.div_ceil(TILE[1]), heads / HEADS * chunks, batch];
        let dispatch =
            Dispatch::new(self.label, program, workgroups, &params).read(&q).read(&l).read(&v).constant(self.filters);
        let dispatch = match &self.residual {
            Some(residual) => dispatch.read(residual),
            None => dispatch.unused(&q),
        };
        // The weights of the surroundings are computed once for each chunk of the values.
        let [keys, values, chunks] = [keys, values, chunks].map(u64::from);
        let taps = (SIDE * SIDE) as u64;
        let each = keys * values + taps * (keys * chunks + values);
        let queries = u64::from(batch) * u64::from(heads) * u64::from(q.pixels());
        g.dispatch(dispatch.write(&y).flops(2 * queries * each));
        Ok(())
    }
}
