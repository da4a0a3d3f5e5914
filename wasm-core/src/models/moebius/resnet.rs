//! `DWResnetBlock2D`: two depthwise-separable convolutions around the time embedding, beside a shortcut.

use super::conditioning::Conditioning;
use crate::Result;
use crate::gpu::View;
use crate::kernels::depthwise_conv::{DepthwiseConv, Form};
use crate::kernels::matmul::Matmul;
use crate::kernels::{Activation, Factors};
use crate::nn::constants::{self, Epilogue, Kind, Matrix};
use crate::nn::layers::Net;

/// Epsilon of the GroupNorms of resnets, and of the one before the last convolution.
pub(super) const EPS: f32 = 1e-5;

/// The resnet of the module in force: `x` `[B, Cin, H, W]` to `y` `[B, Cout, H, W]`.
///
/// `y = shortcut(x) + dsc2(silu(gn(dsc1(silu(gn(x))) + time)))`. The time vector joins the bias of the BatchNorm that ends `dsc1`.
pub(super) fn record(n: &mut Net<'_>, conditioning: &Conditioning, x: View, y: View) -> Result<()> {
    let (c_in, c_out) = (x.channels, y.channels);
    n.g.tap("input", &x);
    let a = n.group_norm("norm1", x, EPS, Activation::Silu)?;
    let hidden = n.tensor(y.shape());
    let steps = conditioning.time_vectors(&n.name(""), c_out);
    n.scoped("conv1", |n| {
        let follows = (Epilogue::BatchNorm(n.name("bn2")), c_out);
        let matrix = Matrix::new(&[(n.name("conv_pw.weight"), c_out)], c_in, Kind::Pointwise, n.weights);
        let affine = constants::epilogue_by_step(n.g, follows, &matrix, steps);
        let d = depthwise(n, a)?;
        let inner: &[View] = if c_in == c_out { &[a] } else { &[] };
        let left = constants::matrix(n.g, &matrix);
        let activation = Activation::None;
        Matmul {
            label: "conv_pw",
            left,
            x: d,
            affine: Some(affine),
            bias_by_step: true,
            factors: Factors::ONE,
            activation,
            residuals: inner,
            y: hidden,
        }
        .record(n.g)
    })?;
    n.g.tap("conv1", &hidden);
    let a = n.group_norm("norm2", hidden, EPS, Activation::Silu)?;
    let shortcut = if c_in == c_out {
        x
    } else {
        let shortcut = n.tensor(y.shape());
        let bias = n.bias("conv_shortcut");
        n.linear("conv_shortcut", Kind::Pointwise, x, bias, &[], shortcut)?;
        n.g.tap("conv_shortcut", &shortcut);
        shortcut
    };
    n.scoped("conv2", |n| separable(n, a, &[a, shortcut], y))?;
    n.g.tap("", &y);
    Ok(())
}

/// The depthwise-separable convolution of the module in force into `y`, with `residuals` added. Its own inner residual, where widths are
/// equal, must be among them.
pub(super) fn separable(n: &mut Net<'_>, x: View, residuals: &[View], y: View) -> Result<()> {
    let d = depthwise(n, x)?;
    let follows = Epilogue::BatchNorm(n.name("bn2"));
    // Both samples may be the same until here.
    let d = if d.batch == y.batch { d } else { d.repeat(y.batch) };
    n.linear("conv_pw", Kind::Pointwise, d, follows, residuals, y)
}

/// Its first half: `relu(bn1(conv_dw(x)))`.
fn depthwise(n: &mut Net<'_>, x: View) -> Result<View> {
    let y = n.tensor(x.shape());
    let weights = constants::depthwise(n.g, n.name("conv_dw.weight"), Epilogue::BatchNorm(n.name("bn1")), x.channels);
    DepthwiseConv { label: "conv_dw", x, weights, form: Form::Plain(Activation::Relu), y }.record(n.g)?;
    n.g.tap("bn1", &y);
    Ok(y)
}
