//! The U-Net: what noise is there in a latent, asked for both branches of classifier-free guidance at once.

use super::conditioning::{Conditioning, ROOT};
use super::config::{GROUPS, LATENT_CHANNELS, UNET_CHANNELS, UnetConfig};
use super::{resnet, transformer};
use crate::Result;
use crate::gpu::{Element, Graph, View};
use crate::kernels::Activation;
use crate::kernels::conv2d::Window;
use crate::kernels::scaled_copy::ScaledCopy;
use crate::nn::layers::Net;

/// Samples of a batch: the unconditional branch, then the conditional one.
const BRANCHES: u32 = 2;
/// Resnets (each with a transformer) of a level on the way down, and on the way up.
const DOWN: usize = 2;
const UP: usize = 3;

/// Whether what is the same in both branches is computed once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefix {
    /// Once: nothing before the first cross-lambda knows of the branches.
    #[default]
    Shared,
    /// For each branch; only good for showing that it makes no difference.
    Separate,
}

/// Records the U-Net: `input` `[1, 9, side, side]` to the `noise` in it, `[2, 4, side, side]` in f32, at the timestep of each step.
///
/// # Errors
/// [`crate::Error::Shape`]: a fault in the configuration.
pub fn record(
    g: &mut Graph,
    config: &UnetConfig,
    element: Element,
    timesteps: &[u32],
    prefix: Prefix,
    input: View,
    noise: View,
) -> Result<()> {
    debug_assert_eq!(input.shape(), [1, UNET_CHANNELS, config.side, config.side]);
    let conditioning = Conditioning::new(*config, timesteps);
    let n = &mut Net { g, root: ROOT, element, weights: config.weights, groups: GROUPS };
    let shape =
        |batch: u32, channels: u32, level: usize| [batch, channels, config.side_of(level), config.side_of(level)];
    let [c0, ..] = config.widths;

    // 1. Where the way up will find its inputs side by side: the running map first, then what the way down remembered, the last
    //    one first. Both are written straight to their place.
    let mut remembered = vec![c0];
    for (level, &width) in config.widths.iter().enumerate() {
        remembered.extend([width; DOWN]);
        if level < 2 {
            remembered.push(width);
        }
    }
    let mut joined: Vec<(View, u32)> = vec![];
    let mut running = config.widths[2];
    for (at, &skip) in remembered.iter().rev().enumerate() {
        let level = 2 - at / UP;
        joined.push((n.tensor(shape(BRANCHES, running + skip, level)), running));
        running = config.widths[level];
    }
    let mut places = joined.iter().rev().map(|(view, running)| view.slice(*running, view.channels - running));
    let mut remember = || places.next().ok_or_else(|| crate::Error::Shape("more skips than the way up takes".into()));

    // 2. In, and down. Until the first cross-lambda one sample serves both branches.
    let mut x = remember()?;
    n.scoped("conv_in", |n| resnet::separable(n, input, &[], x))?;
    n.g.tap("conv_in", &x);
    if prefix == Prefix::Shared {
        x = x.sample(0);
    }
    for (level, &width) in config.widths.iter().enumerate() {
        n.scoped(format!("down_blocks.{level}"), |n| {
            for j in 0..DOWN {
                let y = n.tensor(shape(x.batch, width, level));
                n.scoped(format!("resnets.{j}"), |n| resnet::record(n, &conditioning, x, y))?;
                let place = remember()?;
                // The lowest map is needed twice in one buffer, and no dispatch can copy within a buffer: it comes separately.
                let lowest = level == 2 && j + 1 == DOWN;
                x = if lowest { n.tensor(place.shape()) } else { place };
                n.scoped(format!("attentions.{j}"), |n| transformer::record(n, &conditioning, y, x))?;
            }
            if level < 2 {
                let y = remember()?;
                n.convolution("downsamplers.0.conv", Window::Half, x, None, y)?;
                n.g.tap("downsamplers.0", &y);
                x = y;
            }
            Ok(())
        })?;
    }

    // 3. Up (there is no middle block). The lowest map is both the running one and the last remembered.
    let mut at = 0;
    let (lowest, width) = joined[0];
    for first in [0, width] {
        ScaledCopy { label: "lowest map", factor: 1.0, x, y: lowest.slice(first, width) }.record(n.g)?;
    }
    for i in 0..3 {
        let level = 2 - i;
        let width = config.widths[level];
        n.scoped(format!("up_blocks.{i}"), |n| {
            for j in 0..UP {
                let y = n.tensor(shape(BRANCHES, width, level));
                n.scoped(format!("resnets.{j}"), |n| resnet::record(n, &conditioning, joined[at].0, y))?;
                at += 1;
                x = match joined.get(at) {
                    Some((next, running)) if j + 1 < UP => next.slice(0, *running),
                    _ => n.tensor(shape(BRANCHES, width, level)),
                };
                n.scoped(format!("attentions.{j}"), |n| transformer::record(n, &conditioning, y, x))?;
            }
            if let Some((next, running)) = joined.get(at) {
                let y = next.slice(0, *running);
                n.convolution("upsamplers.0.conv", Window::Doubled, x, None, y)?;
                n.g.tap("upsamplers.0", &y);
            }
            Ok(())
        })?;
    }

    // 4. Out.
    n.g.tap("conv_norm_out.input", &x);
    let x = n.group_norm("conv_norm_out", x, resnet::EPS, Activation::Silu)?;
    debug_assert_eq!(noise.shape(), shape(BRANCHES, LATENT_CHANNELS, 0));
    n.scoped("conv_out", |n| resnet::separable(n, x, &[], noise))?;
    n.g.tap("conv_out", &noise);
    Ok(())
}
