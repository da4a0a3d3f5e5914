//! `MixTransformerBlock`: self-lambda, cross-lambda and a gated feed-forward with a depthwise convolution, on tokens that stay planes
//! of pixels throughout.

use super::conditioning::Conditioning;
use super::config::HEADS;
use super::lambda_constants;
use crate::Result;
use crate::gpu::{Element, View};
use crate::kernels::depthwise_conv::{DepthwiseConv, Form};
use crate::kernels::lambda_content::LambdaContent;
use crate::kernels::lambda_cross::LambdaCross;
use crate::kernels::lambda_local::LambdaLocal;
use crate::kernels::layer_norm::LayerNorm;
use crate::kernels::matmul::Matmul;
use crate::kernels::softmax::{Axis, Softmax};
use crate::kernels::{Activation, Factors};
use crate::nn::constants::{self, Epilogue, Kind, Matrix};
use crate::nn::layers::Net;

/// Epsilon of the GroupNorm at the entry.
const ENTRY_EPS: f32 = 1e-6;
/// Epsilon of the LayerNorms.
const TOKEN_EPS: f32 = 1e-5;

/// The transformer of the module in force: `x` to `y`, both `[B, C, H, W]`. While both branches of guidance are still the same, `x` has one
/// sample and `y` two: what differs begins with the cross-lambda.
pub(super) fn record(n: &mut Net<'_>, conditioning: &Conditioning, x: View, y: View) -> Result<()> {
    let normed = n.group_norm("norm", x, ENTRY_EPS, Activation::None)?;
    let t0 = n.tensor(x.shape());
    let bias = n.bias("proj_in");
    n.linear("proj_in", Kind::Pointwise, normed, bias, &[], t0)?;
    n.g.tap("proj_in", &t0);
    let t3 = n.scoped("transformer_blocks.0", |n| {
        let t1 = self_lambda(n, t0)?;
        n.g.tap("after attn1", &t1);
        let t2 = cross_lambda(n, conditioning, t1, y.batch)?;
        n.g.tap("after attn2", &t2);
        let t3 = feed_forward(n, t2)?;
        n.g.tap("", &t3);
        Ok(t3)
    })?;
    let x = if x.batch == y.batch { x } else { x.repeat(y.batch) };
    let bias = n.bias("proj_out");
    n.linear("proj_out", Kind::Pointwise, t3, bias, &[x], y)?;
    n.g.tap("", &y);
    Ok(())
}

/// LayerNorm `name` over the channels of each token.
fn layer_norm(n: &mut Net<'_>, name: &str, x: View) -> Result<View> {
    let y = n.tensor(x.shape());
    let affine = constants::norm(n.g, &n.name(name), x.channels);
    LayerNorm { label: name, x, affine, epsilon: TOKEN_EPS, y }.record(n.g)?;
    n.g.tap(name, &y);
    Ok(y)
}

/// `t + SelfLambda(LayerNorm(t))` (LambdaNetworks, arXiv:2102.08602, with a local position lambda).
fn self_lambda(n: &mut Net<'_>, t: View) -> Result<View> {
    let normed = layer_norm(n, "norm1", t)?;
    n.scoped("attn1", |n| {
        let [batch, c, h, w] = t.shape();
        let k = c / HEADS;
        let of = |n: &Net<'_>, leaf: &str| n.name(&format!("{leaf}.weight"));
        let parts = [(of(n, "to_q"), c), (of(n, "to_k"), k), (of(n, "to_v"), k)];
        let matrix = Matrix::new(&parts, c, Kind::Pointwise, n.weights);
        let follows = [
            (Epilogue::BatchNorm(n.name("norm_q")), c),
            (Epilogue::Plain, k),
            (Epilogue::BatchNorm(n.name("norm_v")), k),
        ];
        let affine = Some(constants::epilogue(n.g, &follows, &matrix));
        let left = constants::matrix(n.g, &matrix);
        let all = n.tensor([batch, c + 2 * k, h, w]);
        Matmul {
            label: "to_q, to_k, to_v",
            left,
            x: normed,
            affine,
            bias_by_step: false,
            factors: Factors::ONE,
            activation: Activation::None,
            residuals: &[],
            y: all,
        }
        .record(n.g)?;
        let (queries, keys, values) = (all.slice(0, c), all.slice(c, k), all.slice(c + k, k));
        n.g.tap("norm_q", &queries);
        n.g.tap("to_k", &keys);
        n.g.tap("norm_v", &values);
        let weighting = n.tensor(keys.shape());
        Softmax { label: "softmax of the keys", x: keys, axis: Axis::Pixels, y: weighting }.record(n.g)?;
        // The filters' bias is the same at every position and thus part of the content.
        let bias = constants::vector(n.g, n.name("pos_conv.bias"), &[k as usize]);
        let content = n.g.tensor(Element::F32, [batch, k, 1, k]);
        LambdaContent { label: "content lambda", p: weighting, v: values, bias, y: content }.record(n.g)?;
        n.g.tap("lambda_c", &content);
        let filters = lambda_constants::position_filters(n.g, n.name("pos_conv.weight"), k);
        let y = n.tensor(t.shape());
        LambdaLocal { label: "local lambda", q: queries, v: values, content, filters, residual: Some(t), y }
            .record(n.g)?;
        Ok(y)
    })
}

/// `t + CrossLambda(LayerNorm(t), tokens)`, for `batch` branches.
fn cross_lambda(n: &mut Net<'_>, conditioning: &Conditioning, t: View, batch: u32) -> Result<View> {
    let normed = layer_norm(n, "norm2", t)?;
    n.scoped("attn2", |n| {
        let [_, c, h, w] = t.shape();
        let k = c / HEADS;
        let queries = n.tensor(t.shape());
        let follows = Epilogue::BatchNorm(n.name("norm_q"));
        n.linear("to_q", Kind::Pointwise, normed, follows, &[], queries)?;
        n.g.tap("norm_q", &queries);
        let (keys, values) = conditioning.cross(n.g, &n.name(""), k);
        let embedding = lambda_constants::positions(n.g, n.name("rel_pos_emb"), h * w, k, n.weights);
        let y = n.tensor([batch, c, h, w]);
        let shared = t.batch != batch;
        let (queries, residual) = if shared { (queries.repeat(batch), t.repeat(batch)) } else { (queries, t) };
        LambdaCross {
            label: "cross lambda",
            heads: HEADS,
            q: queries,
            embedding,
            keys,
            values,
            first_branch: conditioning.branches().first(),
            residual: Some(residual),
            y,
        }
        .record(n.g)?;
        Ok(y)
    })
}

/// `t + FFN(LayerNorm(t))`: `GLUMBConv` of SANA (arXiv:2410.10629).
fn feed_forward(n: &mut Net<'_>, t: View) -> Result<View> {
    let normed = layer_norm(n, "norm3", t)?;
    n.scoped("ff", |n| {
        let [batch, c, h, w] = t.shape();
        let hidden = c * 5 / 2;
        let a = n.tensor([batch, 2 * hidden, h, w]);
        let bias = n.bias("inverted_conv.conv");
        n.linear("inverted_conv.conv", Kind::Pointwise, normed, (bias, Activation::Silu), &[], a)?;
        n.g.tap("inverted_conv", &a);
        let gated = n.tensor([batch, hidden, h, w]);
        let bias = n.bias("depth_conv.conv");
        let weights = constants::depthwise(n.g, n.name("depth_conv.conv.weight"), bias, 2 * hidden);
        DepthwiseConv { label: "depth_conv", x: a, weights, form: Form::Gated, y: gated }.record(n.g)?;
        n.g.tap("gated", &gated);
        let y = n.tensor(t.shape());
        n.linear("point_conv.conv", Kind::Pointwise, gated, Epilogue::Plain, &[t], y)?;
        Ok(y)
    })
}
