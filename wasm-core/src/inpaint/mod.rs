//! Erasing with a model, at the picture's own resolution.
//!
//! 1. [`rough`] fills the hole with the built-in fill, for the model to start from.
//! 2. [`crops`] plans the parts of the picture that the model is shown.
//! 3. [`square`] cuts each of them out at the model's size, and brings the result back to the picture's scale.
//! 4. [`seam`] fits the result's colours to the surroundings, [`detail`] sharpens what was shown reduced, [`grain`] adds noise like the
//!    surroundings'.
//!
//! Pixels that the mask spares keep their exact value.

mod crops;
mod detail;
mod grain;
mod rough;
mod seam;
mod square;

use crate::erase::blend_covered;
use crate::models::{Painter, Progress, Sketch, Task, Values};
use crate::pixels::{Components, Image, Mask, Patch, Rect};
use crate::{Checkpoint, Pacer, Result, Stage};

pub use crops::{Crop, plan};
use square::Square;

/// What the model finds in the hole. A diffusion model starts with it under noise, and a trace of it shows in the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// The picture with the hole filled by the built-in fill: what is erased does not come back as a ghost.
    #[default]
    Filled,
    /// The picture as it is, as the reference does.
    Picture,
}

/// How to erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// On one machine, the same picture, mask, model, settings and seed give the same pixels.
    pub seed: u32,
    /// What to start with.
    pub start: Start,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 1, start: Start::Filled }
    }
}

/// Seed of the fill that the model starts from. It is the same for all results: they differ by their noise, and need not be encoded anew.
const START_SEED: u32 = 1;

/// Width of the ring around a hole in which colours and grain are compared, in pixels of the model's square.
const RING: f32 = 24.0;

/// Repaints what `mask` covers with a model that is ready for `options`, and returns the region that changed.
///
/// Pixels that the mask spares keep their exact value, also inside the patch's rectangle; partly covered ones are blended. Transparency
/// is continued by the built-in fill: the model knows only colours.
///
/// # Errors
/// As [`erase`](crate::erase()), and as [`Painter::paint`].
pub async fn inpaint(
    model: &mut dyn Painter,
    options: &Values,
    image: &Image,
    mask: &Mask,
    settings: &Settings,
    pacer: &dyn Pacer,
) -> Result<Patch> {
    let mut inpainting = Inpainting::begin(image, mask, *settings, pacer).await?;
    inpainting.go_on(model, options, pacer, |_| {}).await?;
    inpainting.finish()
}

/// An erase under way. It keeps what is done when the GPU is lost.
#[derive(Debug)]
pub struct Inpainting<'a> {
    image: &'a Image,
    mask: Mask,
    settings: Settings,
    components: Components,
    /// The mask's rectangle as it is filled so far.
    patch: Patch,
    /// Crops that are done.
    done: usize,
    /// How far the one after them has come.
    progress: Progress,
}

impl<'a> Inpainting<'a> {
    /// Fills the hole for a start, which takes no GPU.
    ///
    /// # Errors
    /// As [`erase`](crate::erase()).
    pub async fn begin(image: &'a Image, mask: &Mask, settings: Settings, pacer: &dyn Pacer) -> Result<Self> {
        let mask = mask.fitted(image)?;
        let mut patch = rough::fill(image, &mask, START_SEED, pacer).await?;
        if settings.start == Start::Picture {
            let before = image.crop(mask.rect())?;
            for (new, old) in patch.rgba.chunks_exact_mut(4).zip(before.rgba.chunks_exact(4)) {
                new[..3].copy_from_slice(&old[..3]);
            }
        }
        let components = Components::of(&mask);
        Ok(Self { image, mask, settings, components, patch, done: 0, progress: Progress::default() })
    }

    /// Repaints what is not done yet with a model that is ready for `options`; `seen` hears how the fill is forming. After an error it can be
    /// asked again, with the same options and the same model, on the same or another device, and goes on from the last step that was done.
    ///
    /// # Errors
    /// As [`Painter::paint`].
    pub async fn go_on(
        &mut self,
        model: &mut dyn Painter,
        options: &Values,
        pacer: &dyn Pacer,
        mut seen: impl FnMut(Preview),
    ) -> Result<()> {
        let holes: Vec<Rect> = self.components.list().iter().map(|component| component.rect).collect();
        let native = model.side();
        let crops = plan(self.image.bounds(), &holes, native);
        while let Some(crop) = crops.get(self.done) {
            let place = self.done;
            let pacer = OfCrop { pacer, place: place as u32, crops: crops.len() as u32 };
            let square = Square { image: self.image, mask: &self.mask, patch: &self.patch, crop, native };
            let mut shown = square.shown()?;
            let seed = seed_of(&self.settings, place);
            let task = Task { rgb: &shown.rgb, hole: &shown.in_hole, seed, options };
            let [x, y] = square.origin();
            let mut sketched = |Sketch { side: pixels, rgb }| seen(Preview { x, y, side: crop.side, pixels, rgb });
            let painted = model.paint(&task, &mut self.progress, &pacer, &mut sketched).await?;
            let rgb = square.restored(&painted)?;
            let scale = crop.side as f32 / native as f32;
            let around = crop.holes.iter().map(|hole| holes[*hole]).reduce(|a, b| a.union(&b)).unwrap_or_default();
            let region = around.grown((RING * scale).ceil() as u32, &crop.rect);
            let mut region = seam::Region::cut(&square, &rgb, region);
            region.fit_colours(scale, &pacer).await?;
            shown.paint(&painted);
            detail::add(&mut region, &square, &shown.rgb, &shown.in_hole, self.settings.seed, &pacer).await?;
            grain::add(&mut region, seed);
            let components = &self.components;
            let ours = |x, y| crop.holes.contains(&(components.label(x, y) as usize));
            region.put(&mut self.patch, &self.mask, ours);
            self.done += 1;
            self.progress = Progress::default();
            pacer.progress(Stage::Blending, 1.0);
        }
        Ok(())
    }

    /// The region that changed.
    ///
    /// # Errors
    /// None that the pictures could cause.
    pub fn finish(mut self) -> Result<Patch> {
        blend_covered(&mut self.patch, self.image, &self.mask)?;
        Ok(self.patch)
    }
}

/// What the fill of one crop is becoming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Left edge in the picture; it may begin and end outside.
    pub x: i64,
    /// Top edge.
    pub y: i64,
    /// Length of its sides in the picture.
    pub side: u32,
    /// How many pixels there are to a side.
    pub pixels: u32,
    /// `[pixels, pixels, 3]`.
    pub rgb: Vec<u8>,
}

/// Progress of one crop among several.
struct OfCrop<'a> {
    pacer: &'a dyn Pacer,
    place: u32,
    crops: u32,
}

impl Pacer for OfCrop<'_> {
    fn progress(&self, stage: Stage, done: f32) {
        let stage = match stage {
            Stage::Denoising { step, steps } => {
                Stage::Denoising { step: self.place * steps + step, steps: self.crops * steps }
            }
            other => other,
        };
        self.pacer.progress(stage, (self.place as f32 + done) / self.crops as f32);
    }

    fn checkpoint(&self) -> Checkpoint<'_> {
        self.pacer.checkpoint()
    }
}

/// Each crop has a seed of its own: equal noise would make equal pictures.
fn seed_of(settings: &Settings, place: usize) -> u64 {
    u64::from(settings.seed) | (place as u64) << 32
}
