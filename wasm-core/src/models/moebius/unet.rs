//! The U-Net: what noise is there in a latent, asked for both branches of classifier-free guidance at once, or for the conditional one alone.

use super::conditioning::{Branches, Conditioning, ROOT};
use super::config::{GROUPS, LATENT_CHANNELS, UNET_CHANNELS, UnetConfig};
use super::{resnet, transformer};
use crate::Result;
use crate::gpu::{Element, Graph, View};
use crate::kernels::conv2d::Window;
use crate::kernels::scaled_copy::ScaledCopy;
use crate::kernels::{Activation, Factors};
use crate::nn::layers::Net;

/// Resnets (each with a transformer) of a level on the way down, and on the way up.
const DOWN: usize = 2;
const UP: usize = 3;
/// Bytes that the convolution of an upsampler may take with its maps: its filters come in slices.
const ROOM: u64 = 160 << 20;
/// The coarsest of the three levels.
const LOWEST: usize = 2;

/// Records the U-Net: `input` `[1, 9, side, side]` to the `noise` in it, `[B, 4, side, side]` in f32, at the timestep of each step; B is 2 for both
/// branches of guidance, 1 for the conditional one.
///
/// # Errors
/// [`crate::Error::Shape`]: a fault in the configuration.
pub fn record(
    g: &mut Graph,
    config: &UnetConfig,
    element: Element,
    timesteps: &[u32],
    branches: Branches,
    input: View,
    noise: View,
) -> Result<()> {
    debug_assert_eq!(input.shape(), [1, UNET_CHANNELS, config.side, config.side]);
    debug_assert_eq!(noise.shape(), shape(config, branches.count(), LATENT_CHANNELS, 0));
    let conditioning = Conditioning::new(*config, timesteps, branches);
    let n =
        &mut Net { g, root: ROOT, element, weights: config.weights, groups: GROUPS, factors: Factors::ONE, room: ROOM };
    let joined = joined(n, config, branches.count());
    let mut places = joined.iter().rev().map(Joined::remembered);
    let mut x = next(&mut places)?;
    n.scoped("conv_in", |n| resnet::separable(n, input, &[], x))?;
    n.g.tap("conv_in", &x);
    if branches != Branches::BothSeparately {
        // Until the first cross-lambda one sample serves both branches.
        x = x.sample(0);
    }
    let lowest = down(n, config, &conditioning, &mut places, x)?;
    let x = up(n, config, &conditioning, &joined, lowest)?;
    n.g.tap("conv_norm_out.input", &x);
    let x = n.group_norm("conv_norm_out", x, resnet::EPS, Activation::Silu)?;
    n.scoped("conv_out", |n| resnet::separable(n, x, &[], noise))?;
    n.g.tap("conv_out", &noise);
    Ok(())
}

/// `[B, C, H, W]` of a map of a level.
fn shape(config: &UnetConfig, batch: u32, channels: u32, level: usize) -> [u32; 4] {
    [batch, channels, config.side_of(level), config.side_of(level)]
}

/// Input of a resnet on the way up: the running map and a map that the way down remembered, side by side. Both are written straight to
/// their place.
struct Joined {
    map: View,
    /// Channels of the running map, which come first.
    running: u32,
}

impl Joined {
    fn running(&self) -> View {
        self.map.slice(0, self.running)
    }

    fn remembered(&self) -> View {
        self.map.slice(self.running, self.map.channels - self.running)
    }
}

/// The inputs of the way up, in its order. It takes first what the way down remembered last.
fn joined(n: &mut Net<'_>, config: &UnetConfig, batch: u32) -> Vec<Joined> {
    let mut remembered = vec![config.widths[0]];
    for (level, &width) in config.widths.iter().enumerate() {
        remembered.extend([width; DOWN]);
        if level < LOWEST {
            remembered.push(width);
        }
    }
    let mut running = config.widths[LOWEST];
    let join = |(at, &skip): (usize, &u32)| {
        let level = LOWEST - at / UP;
        let map = n.tensor(shape(config, batch, running + skip, level));
        Joined { map, running: std::mem::replace(&mut running, config.widths[level]) }
    };
    remembered.iter().rev().enumerate().map(join).collect()
}

/// The next place for what the way down remembers.
fn next(places: &mut dyn Iterator<Item = View>) -> Result<View> {
    places.next().ok_or_else(|| crate::Error::Shape("more skips than the way up takes".into()))
}

/// The way down from `x`; what it remembers goes to `places`. Gives the lowest map.
fn down(
    n: &mut Net<'_>,
    config: &UnetConfig,
    conditioning: &Conditioning,
    places: &mut dyn Iterator<Item = View>,
    mut x: View,
) -> Result<View> {
    for (level, &width) in config.widths.iter().enumerate() {
        n.scoped(format!("down_blocks.{level}"), |n| {
            for j in 0..DOWN {
                let y = n.tensor(shape(config, x.batch, width, level));
                n.scoped(format!("resnets.{j}"), |n| resnet::record(n, conditioning, x, y))?;
                let place = next(places)?;
                // The lowest map is needed twice in one buffer, and no dispatch can copy within a buffer: it comes separately.
                let lowest = level == LOWEST && j + 1 == DOWN;
                x = if lowest { n.tensor(place.shape()) } else { place };
                n.scoped(format!("attentions.{j}"), |n| transformer::record(n, conditioning, y, x))?;
            }
            if level < LOWEST {
                let y = next(places)?;
                n.convolution("downsamplers.0.conv", Window::Half, x, None, y)?;
                n.g.tap("downsamplers.0", &y);
                x = y;
            }
            Ok(())
        })?;
    }
    Ok(x)
}

/// The way up from the lowest map, which is both the running one and the last remembered (there is no middle block). Gives the map of the
/// finest level.
fn up(
    n: &mut Net<'_>,
    config: &UnetConfig,
    conditioning: &Conditioning,
    joined: &[Joined],
    lowest: View,
) -> Result<View> {
    for y in joined.first().into_iter().flat_map(|first| [first.running(), first.remembered()]) {
        ScaledCopy { label: "lowest map", factor: 1.0, x: lowest, y }.record(n.g)?;
    }
    let mut inputs = joined.iter().peekable();
    let mut x = lowest;
    for (i, (level, &width)) in config.widths.iter().enumerate().rev().enumerate() {
        n.scoped(format!("up_blocks.{i}"), |n| {
            for j in 0..UP {
                let y = n.tensor(shape(config, lowest.batch, width, level));
                let input = inputs.next().ok_or_else(|| crate::Error::Shape("the way up lacks an input".into()))?;
                n.scoped(format!("resnets.{j}"), |n| resnet::record(n, conditioning, input.map, y))?;
                x = match inputs.peek() {
                    Some(next) if j + 1 < UP => next.running(),
                    _ => n.tensor(shape(config, lowest.batch, width, level)),
                };
                n.scoped(format!("attentions.{j}"), |n| transformer::record(n, conditioning, y, x))?;
            }
            if let Some(next) = inputs.peek() {
                let y = next.running();
                n.convolution("upsamplers.0.conv", Window::Doubled, x, None, y)?;
                n.g.tap("upsamplers.0", &y);
            }
            Ok(())
        })?;
    }
    Ok(x)
}
