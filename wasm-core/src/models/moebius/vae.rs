//! The variational autoencoder (`AutoencoderKL`): pictures to latents of an eighth of their side, and back.

use super::config::{GROUPS, LATENT_CHANNELS, VaeConfig};
use crate::Result;
use crate::gpu::{Element, Graph, View};
use crate::kernels::Activation;
use crate::kernels::conv2d::Window;
use crate::kernels::matmul::{Left, Matmul};
use crate::kernels::softmax::{Axis, Softmax};
use crate::kernels::transpose::Transpose;
use crate::nn::constants::{Epilogue, Kind};
use crate::nn::layers::Net;

/// Epsilon of every GroupNorm.
const EPS: f32 = 1e-6;
/// Queries that attend at a time: scores for all of them at once would be N x N.
const QUERIES: u32 = 512;

/// Records the encoder: `image` `[1, 3, side, side]` in [-1, 1] to the `moments`, mean and log-variance, `[1, 8, side / 8, side / 8]` in f32.
///
/// # Errors
/// [`crate::Error::Shape`]: a fault in the configuration.
pub fn record_encoder(g: &mut Graph, config: &VaeConfig, element: Element, image: View, moments: View) -> Result<()> {
    let n = &mut Net { g, root: "", element, weights: config.weights, groups: GROUPS };
    let x = n.scoped("encoder", |n| {
        let mut side = config.side;
        let mut x = n.tensor([1, config.widths[0], side, side]);
        n.convolution("conv_in", Window::Same, image, None, x)?;
        n.g.tap("conv_in", &x);
        for (i, &width) in config.widths.iter().enumerate() {
            x = n.scoped(format!("down_blocks.{i}"), |n| {
                for j in 0..2 {
                    x = n.scoped(format!("resnets.{j}"), |n| resnet(n, x, width))?;
                }
                if i < 3 {
                    side /= 2;
                    let y = n.tensor([1, width, side, side]);
                    n.convolution("downsamplers.0.conv", Window::HalfBottomRight, x, None, y)?;
                    n.g.tap("downsamplers.0", &y);
                    x = y;
                }
                Ok(x)
            })?;
        }
        let x = n.scoped("mid_block", |n| mid_block(n, x))?;
        n.g.tap("conv_norm_out.input", &x);
        let x = n.group_norm("conv_norm_out", x, EPS, Activation::Silu)?;
        let y = n.tensor([1, 2 * LATENT_CHANNELS, side, side]);
        n.convolution("conv_out", Window::Same, x, None, y)?;
        n.g.tap("conv_out", &y);
        Ok(y)
    })?;
    let bias = n.bias("quant_conv");
    n.linear("quant_conv", Kind::Pointwise, x, bias, &[], moments)?;
    n.g.tap("quant_conv", &moments);
    Ok(())
}

/// Records the decoder: `latent` `[1, 4, side / 8, side / 8]`, not scaled, to the `image` `[1, 3, side, side]` in f32.
///
/// # Errors
/// [`crate::Error::Shape`]: a fault in the configuration.
pub fn record_decoder(g: &mut Graph, config: &VaeConfig, element: Element, latent: View, image: View) -> Result<()> {
    let n = &mut Net { g, root: "", element, weights: config.weights, groups: GROUPS };
    let x = n.tensor(latent.shape());
    let bias = n.bias("post_quant_conv");
    n.linear("post_quant_conv", Kind::Pointwise, latent, bias, &[], x)?;
    n.g.tap("post_quant_conv", &x);
    n.scoped("decoder", |n| {
        let mut side = config.latent_side();
        let mut y = n.tensor([1, config.widths[3], side, side]);
        n.convolution("conv_in", Window::Same, x, None, y)?;
        n.g.tap("conv_in", &y);
        y = n.scoped("mid_block", |n| mid_block(n, y))?;
        for (i, &width) in config.widths.iter().rev().enumerate() {
            y = n.scoped(format!("up_blocks.{i}"), |n| {
                for j in 0..3 {
                    y = n.scoped(format!("resnets.{j}"), |n| resnet(n, y, width))?;
                }
                if i < 3 {
                    side *= 2;
                    let doubled = n.tensor([1, width, side, side]);
                    n.convolution("upsamplers.0.conv", Window::Doubled, y, None, doubled)?;
                    n.g.tap("upsamplers.0", &doubled);
                    y = doubled;
                }
                Ok(y)
            })?;
        }
        n.g.tap("conv_norm_out.input", &y);
        let y = n.group_norm("conv_norm_out", y, EPS, Activation::Silu)?;
        n.convolution("conv_out", Window::Same, y, None, image)?;
        n.g.tap("conv_out", &image);
        Ok(())
    })
}

/// `ResnetBlock2D` without time: two 3x3 convolutions beside a shortcut.
pub(super) fn resnet(n: &mut Net<'_>, x: View, width: u32) -> Result<View> {
    let shape = [1, width, x.height, x.width];
    n.g.tap("input", &x);
    // The shortcut first: nothing needs `x` after the norm then, and its memory is free for the convolution.
    let shortcut = if x.channels == width {
        x
    } else {
        let shortcut = n.tensor(shape);
        let bias = n.bias("conv_shortcut");
        n.linear("conv_shortcut", Kind::Pointwise, x, bias, &[], shortcut)?;
        n.g.tap("conv_shortcut", &shortcut);
        shortcut
    };
    let a = n.group_norm("norm1", x, EPS, Activation::Silu)?;
    let hidden = n.tensor(shape);
    n.convolution("conv1", Window::Same, a, None, hidden)?;
    n.g.tap("conv1", &hidden);
    let a = n.group_norm("norm2", hidden, EPS, Activation::Silu)?;
    let y = n.tensor(shape);
    n.convolution("conv2", Window::Same, a, Some(shortcut), y)?;
    n.g.tap("", &y);
    Ok(y)
}

/// Resnet, attention, resnet at the coarsest level.
pub(super) fn mid_block(n: &mut Net<'_>, x: View) -> Result<View> {
    let x = n.scoped("resnets.0", |n| resnet(n, x, x.channels))?;
    let x = n.scoped("attentions.0", |n| attention(n, x))?;
    let x = n.scoped("resnets.1", |n| resnet(n, x, x.channels))?;
    n.g.tap("", &x);
    Ok(x)
}

/// Attention of every pixel to every pixel, one head.
///
/// With channels as rows, `S^T[key, query] = sum_c k[c, key] q[c, query]` and `o[c, query] = sum_key v^T[key, c] P[key, query]` are
/// products of the same form, so the scores are made transposed and softmaxed down their columns.
pub(super) fn attention(n: &mut Net<'_>, x: View) -> Result<View> {
    let normed = n.group_norm("group_norm", x, EPS, Activation::None)?;
    let [_, c, h, w] = x.shape();
    let pixels = h * w;
    let scale = 1.0 / (c as f32).sqrt();
    // In f32 whatever the activations: scores decide by their differences.
    let [q, k, v] = ["to_q", "to_k", "to_v"].map(|name| (name, n.g.tensor(Element::F32, [1, c, h, w])));
    for (name, y) in [q, k, v] {
        let bias = n.name(&format!("{name}.bias"));
        let follows = if name == "to_q" { Epilogue::ScaledBias(bias, scale) } else { Epilogue::Bias(bias) };
        n.linear(name, Kind::Linear, normed, follows, &[], y)?;
        n.g.tap(name, &y);
    }
    let v_by_pixel = n.g.tensor(Element::F32, [1, pixels, 1, c]);
    Transpose { label: "values by pixel", x: v.1.reshaped(c, 1, pixels), y: v_by_pixel }.record(n.g)?;
    let attended = n.tensor([1, c, h, w]);
    for first in (0..pixels).step_by(QUERIES as usize) {
        let count = QUERIES.min(pixels - first);
        let scores = n.g.tensor(Element::F32, [1, pixels, 1, count]);
        let product = |label, left, x, y| Matmul {
            label,
            left: Left::Tensor(left),
            x,
            affine: None,
            bias_by_step: false,
            activation: Activation::None,
            residuals: &[],
            y,
        };
        product("scores", k.1, q.1.columns(first, count), scores).record(n.g)?;
        let weighting = n.g.tensor(Element::F32, scores.shape());
        Softmax { label: "softmax of the scores", x: scores, axis: Axis::Channels, y: weighting }.record(n.g)?;
        product("weighted values", v_by_pixel, weighting, attended.columns(first, count)).record(n.g)?;
    }
    n.g.tap("attended", &attended);
    let y = n.tensor(x.shape());
    let bias = n.bias("to_out.0");
    n.linear("to_out.0", Kind::Linear, attended, bias, &[x], y)?;
    n.g.tap("", &y);
    Ok(y)
}
