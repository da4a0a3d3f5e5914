//! Erasing with the model, at the picture's own resolution.
//!
//! [`windows`] plans which squares the model is shown; [`square`] cuts them out and puts results back to the picture's scale;
//! [`seam`] fits colours to the surroundings, [`grain`] the noise. What the mask spares keeps its exact value.

mod grain;
mod seam;
mod square;
mod windows;

use crate::erase::blend_covered;
use crate::moebius::config::LATENT_CHANNELS;
use crate::moebius::noise::{self, Stream};
use crate::moebius::pipeline::{Moebius, Request};
use crate::moebius::postprocess::to_rgb;
use crate::pacer::Share;
use crate::pixels::{Components, Image, Mask, Patch, Rect};
use crate::{Pacer, Result, Stage, fill};

use square::Square;
pub use windows::{Window, plan};

/// What denoising starts with, under noise. At the model's strength of 0.99 a trace of it shows in the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// The picture with the hole filled by the built-in fill: what is erased does not come back as a ghost.
    #[default]
    Filled,
    /// The picture as it is, as the reference does.
    Picture,
}

/// How to erase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Same picture, mask, model, settings and seed: same pixels, on the same machine.
    pub seed: u32,
    /// Guidance scale: how much the result follows the condition rather than the model's own idea of pictures.
    pub guidance: f32,
    /// What to start with.
    pub start: Start,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 1, guidance: 2.5, start: Start::Filled }
    }
}

/// How much the brightness of the noise varies, as the reference's command line has it.
const NOISE_OFFSET: f32 = 0.0357;
/// Surroundings that colours and grain are compared in, in pixels of the model's square.
const RING: f32 = 24.0;

/// Repaints what `mask` covers with the model, and returns the region that changed.
///
/// Pixels that the mask spares keep their exact value, also inside the patch's rectangle; partly covered ones are blended. Transparency
/// is continued by the built-in fill: the model knows only colours.
///
/// # Errors
/// As [`erase`](crate::erase()), and as [`Moebius::run`].
pub async fn inpaint(
    model: &mut Moebius,
    image: &Image,
    mask: &Mask,
    settings: &Settings,
    pacer: &impl Pacer,
) -> Result<Patch> {
    let mask = mask.fitted(image)?;
    let mut patch = fill::instant(image, &mask, settings.seed, pacer).await?;
    if settings.start == Start::Picture {
        let before = image.crop(mask.rect())?;
        for (new, old) in patch.rgba.chunks_exact_mut(4).zip(before.rgba.chunks_exact(4)) {
            new[..3].copy_from_slice(&old[..3]);
        }
    }
    let components = Components::of(&mask);
    let holes: Vec<Rect> = components.list().iter().map(|component| component.rect).collect();
    let native = model.config().vae.side;
    let windows = plan(image.bounds(), &holes, native);
    for (place, window) in windows.iter().enumerate() {
        let length = 1.0 / windows.len() as f32;
        let pacer = Share { pacer, start: place as f32 * length, length };
        let square = Square { image, mask: &mask, patch: &patch, window, native };
        let request = request(&square, settings, place)?;
        let decoded = model.run(&request, &pacer).await?.decoded;
        let rgb = square.restored(&to_rgb(&decoded, native, native)?)?;
        let scale = window.side as f32 / native as f32;
        let around = window.holes.iter().map(|hole| holes[*hole]).reduce(|a, b| a.union(&b)).unwrap_or_default();
        let region = around.grown((RING * scale).ceil() as u32, &window.rect);
        let mut region = seam::Region::cut(&square, &rgb, region);
        region.fit_colours(scale, &pacer).await?;
        grain::add(&mut region, seed_of(settings, place));
        region.put(&mut patch, &mask, |x, y| window.holes.contains(&(components.label(x, y) as usize)));
        pacer.progress(Stage::Blending, 1.0);
    }
    blend_covered(&mut patch, image, &mask)?;
    Ok(patch)
}

/// Each window has noise of its own: equal noise would make equal pictures.
fn seed_of(settings: &Settings, place: usize) -> u64 {
    u64::from(settings.seed) | (place as u64) << 32
}

fn request(square: &Square<'_>, settings: &Settings, place: usize) -> Result<Request> {
    let shown = square.shown()?;
    let seed = seed_of(settings, place);
    let mut start = noise::gaussian(seed, Stream::Start, LATENT_CHANNELS as usize * shown.latent_mask.len());
    noise::offset(&mut start, &noise::gaussian(seed, Stream::Offset, LATENT_CHANNELS as usize), NOISE_OFFSET)?;
    Ok(Request {
        image: shown.image,
        masked_image: shown.masked_image,
        latent_mask: shown.latent_mask,
        noise: start,
        posterior_image: None,
        posterior_masked: None,
        guidance: settings.guidance,
    })
}
