//! The numbers that make a network of the architecture: the published model's, and a tiny one's for tests.

use crate::nn::WeightElement;

/// Dimensions of the U-Net. Levels are counted from the finest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnetConfig {
    /// Channels of the three levels.
    pub widths: [u32; 3],
    /// Side of the latent: `rel_pos_emb` ties the network to one size.
    pub side: u32,
    /// Length of a row of the embedding table.
    pub embedding: u32,
    /// Length of a token after `encoder_hid_proj`.
    pub token: u32,
    /// How matrices, 3x3 convolutions and position embeddings are stored.
    pub weights: WeightElement,
}

/// Heads of the lambda layers, at every level.
pub const HEADS: u32 = 8;
/// Groups of every GroupNorm.
pub const GROUPS: u32 = 32;
/// Tokens of one branch of classifier-free guidance.
pub const TOKENS: u32 = 10;
/// Channels of a latent.
pub const LATENT_CHANNELS: u32 = 4;
/// Channels that the U-Net sees: latent, mask, latent of the masked image.
pub const UNET_CHANNELS: u32 = 2 * LATENT_CHANNELS + 1;
/// Pixels of the picture to each side of a latent one.
pub const LATENT_SCALE: u32 = 8;
/// What the VAE's latents are multiplied by for the U-Net (the VAE's `scaling_factor`).
pub const LATENT_FACTOR: f32 = 0.13025;

impl UnetConfig {
    /// The published model.
    pub const FULL: Self =
        Self { widths: [320, 640, 1280], side: 64, embedding: 3072, token: 768, weights: WeightElement::F16 };
    /// A hundredth of it, for tests.
    pub const TINY: Self =
        Self { widths: [32, 64, 128], side: 16, embedding: 96, token: 48, weights: WeightElement::F16 };
    /// The tiny one on a sixteenth of its pixels, for tests that need a model but no reference: a CPU that plays a GPU takes a second for
    /// 10^9 operations.
    pub const SMALLEST: Self = Self { side: 4, ..Self::TINY };
    /// Those that a file can hold.
    pub const ALL: [Self; 3] = [Self::FULL, Self::TINY, Self::SMALLEST];

    /// Length of the time embedding.
    pub fn time(&self) -> u32 {
        4 * self.widths[0]
    }

    /// The VAE with these dimensions, at the side that belongs to this network's latent.
    pub fn fitting(&self, vae: VaeConfig) -> VaeConfig {
        VaeConfig { side: self.side * LATENT_SCALE, ..vae }
    }

    /// Side of the maps of a level.
    pub fn side_of(&self, level: usize) -> u32 {
        self.side >> level
    }
}

/// Dimensions of the VAE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VaeConfig {
    /// Channels of the four levels.
    pub widths: [u32; 4],
    /// Side of the image.
    pub side: u32,
    /// How 3x3 convolutions are stored.
    pub weights: WeightElement,
}

impl VaeConfig {
    /// The published model.
    pub const FULL: Self = Self { widths: [128, 256, 512, 512], side: 512, weights: WeightElement::F16 };
    /// A small one, for tests.
    pub const TINY: Self = Self { widths: [32, 32, 64, 64], side: 128, weights: WeightElement::F16 };
    /// Those that a file can hold. Its weights fit a picture of any side.
    pub const ALL: [Self; 2] = [Self::FULL, Self::TINY];

    /// Side of the latent.
    pub fn latent_side(&self) -> u32 {
        self.side / LATENT_SCALE
    }
}
