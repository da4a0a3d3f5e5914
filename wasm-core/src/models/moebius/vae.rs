//! The variational autoencoder (`AutoencoderKL`): pictures to latents of an eighth of their side, and back.
//!
//! Its maps are known to leave the range of 16 bits. There they are stored smaller by [`SMALLER`]: all but what follows a norm, which gives the
//! same of a smaller map if its epsilon is smaller, too. The factor is a power of two, so nothing else changes.

use super::config::{GROUPS, LATENT_CHANNELS, VaeConfig};
use crate::Result;
use crate::gpu::{Element, Graph, View};
use crate::kernels::conv2d::Window;
use crate::kernels::matmul::{Left, Matmul};
use crate::kernels::scaled_copy::ScaledCopy;
use crate::kernels::softmax::{Axis, Softmax};
use crate::kernels::transpose::Transpose;
use crate::kernels::winograd::Residual;
use crate::kernels::{Activation, Factors};
use crate::nn::constants::{Epilogue, Kind};
use crate::nn::layers::Net;

/// Epsilon of every GroupNorm.
const EPS: f32 = 1e-6;
/// What maps in 16 bits are multiplied by.
const SMALLER: f32 = 1.0 / 64.0;

/// What maps are multiplied by.
fn factor(n: &Net<'_>) -> f32 {
    if n.element == Element::F16 { SMALLER } else { 1.0 }
}

/// The factors of a layer that makes such a map of numbers as they are.
fn entering(n: &Net<'_>) -> Factors {
    Factors { sum: factor(n), bias: factor(n) }
}

/// The factors of a layer that makes such a map of another one.
fn along(n: &Net<'_>) -> Factors {
    Factors { sum: 1.0, bias: factor(n) }
}

/// Epsilon of a norm of such a map.
fn eps(n: &Net<'_>) -> f32 {
    EPS * factor(n) * factor(n)
}

/// Most queries that attend at a time. The scores of all 4,096 pixels of the published model take 64 MiB, which its largest maps exceed anyway.
const QUERIES: u32 = 4096;

/// Bytes that bands and filters take where the maps are largest.
const WORK: u64 = 60 << 20;

/// Bytes that a 3x3 convolution may take with its maps: what that of the last upsampler does, whose maps are the largest.
fn room(config: &VaeConfig, element: Element) -> u64 {
    let (width, side) = (u64::from(config.widths[1]), u64::from(config.side));
    width * side * side * element.size() * 5 / 4 + WORK
}

/// Records the encoder: `image` `[1, 3, side, side]` in [-1, 1] to the `moments`, mean and log-variance, `[1, 8, side / 8, side / 8]` in f32.
///
/// # Errors
/// [`crate::Error::Shape`]: a fault in the configuration.
pub fn record_encoder(g: &mut Graph, config: &VaeConfig, element: Element, image: View, moments: View) -> Result<()> {
    let room = room(config, element);
    let n = &mut Net { g, root: "", element, weights: config.weights, groups: GROUPS, factors: Factors::ONE, room };
    let x = n.scoped("encoder", |n| {
        let mut side = config.side;
        let mut x = n.tensor([1, config.widths[0], side, side]);
        n.times(entering(n), |n| n.convolution("conv_in", Window::Same, image, None, x))?;
        n.g.tap("conv_in", &x);
        for (i, &width) in config.widths.iter().enumerate() {
            x = n.scoped(format!("down_blocks.{i}"), |n| {
                for j in 0..2 {
                    x = n.scoped(format!("resnets.{j}"), |n| resnet(n, x, width))?;
                }
                if i < 3 {
                    side /= 2;
                    let y = n.tensor([1, width, side, side]);
                    let downsampler = ("downsamplers.0.conv", Window::HalfBottomRight);
                    n.times(along(n), |n| n.convolution(downsampler.0, downsampler.1, x, None, y))?;
                    n.g.tap("downsamplers.0", &y);
                    x = y;
                }
                Ok(x)
            })?;
        }
        let x = n.scoped("mid_block", |n| mid_block(n, x))?;
        n.g.tap("conv_norm_out.input", &x);
        let x = n.group_norm("conv_norm_out", x, eps(n), Activation::Silu)?;
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
    let room = room(config, element);
    let n = &mut Net { g, root: "", element, weights: config.weights, groups: GROUPS, factors: Factors::ONE, room };
    let x = n.tensor(latent.shape());
    let bias = n.bias("post_quant_conv");
    n.linear("post_quant_conv", Kind::Pointwise, latent, bias, &[], x)?;
    n.g.tap("post_quant_conv", &x);
    n.scoped("decoder", |n| {
        let side = config.latent_side();
        let mut y = n.tensor([1, config.widths[3], side, side]);
        n.times(entering(n), |n| n.convolution("conv_in", Window::Same, x, None, y))?;
        n.g.tap("conv_in", &y);
        y = n.scoped("mid_block", |n| mid_block(n, y))?;
        let mut map = Map::Whole(y);
        for (i, &width) in config.widths.iter().rev().enumerate() {
            map = n.scoped(format!("up_blocks.{i}"), |n| {
                for j in 0..3 {
                    y = n.scoped(format!("resnets.{j}"), |n| match map {
                        Map::Whole(x) => resnet(n, x, width),
                        Map::Halves(halves) => narrowing_resnet(n, halves),
                    })?;
                    map = Map::Whole(y);
                }
                // The last level is followed by none.
                match config.widths.iter().rev().nth(i + 1) {
                    Some(&next) => upsampler(n, y, next),
                    None => Ok(map),
                }
            })?;
        }
        n.g.tap("conv_norm_out.input", &y);
        let y = n.group_norm("conv_norm_out", y, eps(n), Activation::Silu)?;
        n.convolution("conv_out", Window::Same, y, None, image)?;
        n.g.tap("conv_out", &image);
        Ok(())
    })
}

/// A map in one tensor, or with each half of its channels in one of its own.
#[derive(Clone, Copy)]
enum Map {
    Whole(View),
    Halves([View; 2]),
}

/// `y` at twice its size, for a level of width `next`. If that is half as wide, the result is the largest map of all, and comes in halves, so that
/// no tensor is larger than those that follow.
fn upsampler(n: &mut Net<'_>, y: View, next: u32) -> Result<Map> {
    let (name, window) = ("upsamplers.0.conv", Window::Doubled);
    let shape = [1, y.channels, 2 * y.height, 2 * y.width];
    if 2 * next == y.channels && n.overwrites(&y, next) {
        let halves = [0, 1].map(|_| n.tensor([1, next, shape[2], shape[3]]));
        n.times(along(n), |n| n.convolution_to(name, window, y, None, &halves))?;
        return Ok(Map::Halves(halves));
    }
    let doubled = n.tensor(shape);
    n.times(along(n), |n| n.convolution(name, window, y, None, doubled))?;
    n.g.tap("upsamplers.0", &doubled);
    Ok(Map::Whole(doubled))
}

/// [`resnet`] from twice as many channels, in halves, which it overwrites: the first with what is between its convolutions, the second with the
/// shortcut, to which the result is added.
fn narrowing_resnet(n: &mut Net<'_>, [hidden, sum]: [View; 2]) -> Result<View> {
    let (width, pixels_across) = (sum.channels, sum.width);
    let bias = n.bias("conv_shortcut");
    let shortcut = n.times(along(n), |n| n.linear_of("conv_shortcut", Kind::Pointwise, 2 * width, width, bias));
    let element = n.element;
    let mut shortcut_of = |g: &mut Graph, rows: std::ops::Range<u32>| {
        let (first, count) = (rows.start * pixels_across, rows.len() as u32 * pixels_across);
        let joined = g.tensor(element, [1, 2 * width, 1, count]);
        for (x, y) in [(hidden, joined.slice(0, width)), (sum, joined.slice(width, width))] {
            ScaledCopy { label: "both halves", factor: 1.0, x: x.columns(first, count), y }.record(g)?;
        }
        shortcut.record(g, joined, &[], sum.columns(first, count))
    };
    let (both, conv1, conv2) = ([hidden, sum], ["norm1", "conv1"], ["norm2", "conv2"]);
    let eps = eps(n);
    n.times(entering(n), |n| {
        n.normed_convolution(conv1, eps, &both, Residual::None, hidden, &mut shortcut_of)?;
        n.normed_convolution(conv2, eps, &[hidden], Residual::InPlace, sum, &mut |_, _| Ok(()))?;
        Ok(sum)
    })
}

/// `ResnetBlock2D` without time: two 3x3 convolutions beside a shortcut. The result may overwrite `x`.
pub(super) fn resnet(n: &mut Net<'_>, x: View, width: u32) -> Result<View> {
    let shape = [1, width, x.height, x.width];
    n.g.tap("input", &x);
    // The shortcut first: nothing needs `x` after the norm then, and its memory is free for the convolution.
    let shortcut = if x.channels == width {
        x
    } else {
        let shortcut = n.tensor(shape);
        let bias = n.bias("conv_shortcut");
        n.times(along(n), |n| n.linear("conv_shortcut", Kind::Pointwise, x, bias, &[], shortcut))?;
        n.g.tap("conv_shortcut", &shortcut);
        shortcut
    };
    let eps = eps(n);
    n.times(entering(n), |n| {
        let hidden = n.tensor(shape);
        if n.overwrites(&x, width) {
            let none = &mut |_: &mut Graph, _| Ok(());
            n.normed_convolution(["norm1", "conv1"], eps, &[x], Residual::None, hidden, none)?;
            n.normed_convolution(["norm2", "conv2"], eps, &[hidden], Residual::InPlace, shortcut, none)?;
            return Ok(shortcut);
        }
        let a = n.group_norm("norm1", x, eps, Activation::Silu)?;
        n.convolution("conv1", Window::Same, a, None, hidden)?;
        n.g.tap("conv1", &hidden);
        let a = n.group_norm("norm2", hidden, eps, Activation::Silu)?;
        let y = n.tensor(shape);
        n.convolution("conv2", Window::Same, a, Some(shortcut), y)?;
        n.g.tap("", &y);
        Ok(y)
    })
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
    let normed = n.group_norm("group_norm", x, eps(n), Activation::None)?;
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
            factors: Factors::ONE,
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
    n.times(entering(n), |n| n.linear("to_out.0", Kind::Linear, attended, bias, &[x], y))?;
    n.g.tap("", &y);
    Ok(y)
}
