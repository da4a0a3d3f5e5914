//! Cross-lambda of a lambda layer (LambdaNetworks, arXiv:2102.08602): queries times the lambdas of 10 conditioning tokens.

pub mod reference;

use half::f16;

use super::{kernel, out, real, wgsl};
use crate::gpu::{ConstantId, Dispatch, Graph, Strides, View, params};
use crate::{Error, Result};

/// Conditioning tokens.
pub const TOKENS: usize = 10;
/// Tokens with their padding in `keys` and `values` of [`LambdaCross`].
pub const PADDED_TOKENS: usize = 12;

/// Heads that a workgroup computes.
const HEADS: u32 = 4;
/// Pixels that a workgroup computes.
const PIXELS: u32 = 16;

/// `Y[b, a, v, n] = sum_m V[b, v, m] sum_k Q[b, a, k, n] (E[m, k, n] + P[b, k, m])` for each head a, plus a residual.
#[derive(Clone, Copy, Debug)]
pub struct LambdaCross<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// Number of heads, a multiple of 4.
    pub heads: u32,
    /// Q: `[B, heads K, N]`, N being the pixels of a channel.
    pub q: View,
    /// E: the position embedding of N pixels as [`pack_rel_pos_emb`] makes it.
    pub embedding: ConstantId,
    /// P: `[branches, K, 12]` of f32, the keys after their softmax over 10 tokens, and two zeros. Sample b is branch `first_branch + b` of the sampler.
    pub keys: ConstantId,
    /// V: `[branches, Vd, 12]` of f32, the values of 10 tokens, and two zeros.
    pub values: ConstantId,
    /// The branch of the first sample: 0, or 1 for the second branch alone.
    pub first_branch: u32,
    /// Added to the result: `[B, heads Vd, N]`, stored as Q is.
    pub residual: Option<View>,
    /// Y: `[B, heads Vd, N]`.
    pub y: View,
}

params! {
    struct Params {
        q: Strides,
        e: Strides,
        r: Strides,
        y: Strides,
        keys: u32,
        values: u32,
        pixels: u32,
        residual: u32,
        branch: u32,
    }
}

/// Bytes of [`pack_rel_pos_emb`] for N pixels and K keys.
pub fn packed_rel_pos_emb_bytes(pixels: usize, keys: usize) -> u64 {
    (TOKENS * keys * pixels.next_multiple_of(4) * 2) as u64
}

/// `[N, 10, K]` as `[10, K, N padded to 4 with zeros]` of f16.
pub fn pack_rel_pos_emb(values: &[f32], pixels: usize, keys: usize) -> Vec<u8> {
    let row = pixels.next_multiple_of(4);
    let mut packed = vec![f16::ZERO; TOKENS * keys * row];
    for (n, of_pixel) in values.chunks_exact(TOKENS * keys).take(pixels).enumerate() {
        for (channel, value) in of_pixel.iter().enumerate() {
            packed[channel * row + n] = f16::from_f32(*value);
        }
    }
    packed.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// `[rows, 10]` as `[rows, 12]` of f32, the last two of a row being 0.
pub fn pad_tokens(values: &[f32]) -> Vec<u8> {
    let padded = values.chunks_exact(TOKENS).flat_map(|row| row.iter().chain(&[0.0; PADDED_TOKENS - TOKENS]));
    padded.flat_map(|value| value.to_le_bytes()).collect()
}

impl LambdaCross<'_> {
    /// Appends the dispatch to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (q, y, heads) = (self.q, self.y, self.heads);
        let (batch, pixels) = (q.batch, q.pixels());
        let fits = heads > 0
            && heads % HEADS == 0
            && q.channels % heads == 0
            && y.channels % heads == 0
            && y.pixels() == pixels
            && y.batch == batch
            && self.residual.is_none_or(|r| r.shape() == y.shape() && r.element == q.element);
        if !fits {
            let shapes = format!("{heads} heads of {:?} to {:?}", q.shape(), y.shape());
            return Err(Error::Shape(format!("{}: cross-lambda of {shapes}", self.label)));
        }
        let (keys, values) = (q.channels / heads, y.channels / heads);
        let params = Params {
            q: Strides::of(&q),
            e: Strides::of_rows(pixels.next_multiple_of(4)),
            r: Strides::of(&self.residual.unwrap_or(q)),
            y: Strides::of(&y),
            keys,
            values,
            pixels,
            residual: self.residual.is_some().into(),
            branch: self.first_branch,
        };
        let program = kernel("lambda_cross", wgsl!("lambda_cross.wgsl"));
        let program = real(out(program, y.element), q.element);
        let workgroups = [pixels.div_ceil(PIXELS), heads / HEADS, batch];
        let dispatch = Dispatch::new(self.label, program, workgroups, &params)
            .assumes("HEADS", HEADS)
            .assumes("PIXELS", PIXELS)
            .read(&q)
            .constant(self.embedding)
            .constant(self.keys)
            .constant(self.values);
        let dispatch = match &self.residual {
            Some(residual) => dispatch.read(residual),
            None => dispatch.unused(&q),
        };
        // E + P once for 4 heads; then both contractions.
        let [keys, values, heads] = [keys, values, heads].map(u64::from);
        let each = TOKENS as u64 * (keys * heads / u64::from(HEADS) + 2 * heads * (keys + values));
        g.dispatch(dispatch.write(&y).flops(each * u64::from(pixels) * u64::from(batch)));
        Ok(())
    }
}
