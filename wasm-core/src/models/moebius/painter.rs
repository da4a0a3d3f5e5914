//! The loaded model as a [`Painter`]: from levels and a hole to what a run takes, and from its answer to levels.

use super::config::{LATENT_CHANNELS, LATENT_SCALE};
use super::latents::Latents;
use super::model::schedule;
use super::options::GUIDANCE;
use super::pipeline::{Encoded, Moebius, Request};
use super::planes;
use super::preview::LatentToRgb;
use crate::diffusion::noise::offset;
use crate::gpu::Gpu;
use crate::models::contract::{Answer, Painter, Sketch, Task, wrong};
use crate::models::options::Values;
use crate::models::progress::Progress;
use crate::noise::{Stream, gaussian};
use crate::weights::Pack;
use crate::{Error, Pacer, Result};

/// How much the brightness of the noise varies, as the reference's command line has it.
const NOISE_OFFSET: f32 = 0.0357;

impl Painter for Moebius {
    fn side(&self) -> u32 {
        self.config().vae.side
    }

    fn gpu(&self) -> Option<&Gpu> {
        Some(Self::gpu(self))
    }

    fn is_ready_for(&self, options: &Values) -> bool {
        schedule(options).is_ok_and(|schedule| schedule == *self.schedule())
    }

    fn adapt<'a>(&'a mut self, options: &'a Values, packs: &'a [Pack], pacer: &'a dyn Pacer) -> Answer<'a, ()> {
        Box::pin(async move {
            let [unet, _] = packs else { return Err(wrong(packs).into()) };
            self.reschedule(schedule(options)?, unet, pacer).await
        })
    }

    fn paint<'a>(
        &'a mut self,
        task: &'a Task<'a>,
        progress: &'a mut Progress,
        pacer: &'a dyn Pacer,
        seen: &'a mut dyn FnMut(Sketch),
    ) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            let side = self.side();
            let request = request(task, side)?;
            let mut map = None;
            let sketch = |latents: &Latents| {
                if map.is_none() {
                    map = latents.picture().and_then(|latents| LatentToRgb::fit(latents, &request.image).ok());
                }
                if let (Some(map), Some(latents)) = (&map, latents.predicted()) {
                    seen(Sketch { side: side / LATENT_SCALE, rgb: map.apply(latents) });
                }
            };
            let latents: &mut Latents = progress.of();
            let known = self.encoded.take().filter(|known| known.rgb == task.rgb && known.hole == task.hole);
            if latents.encoded.is_none() {
                latents.encoded = known.map(|known| known.latents);
            }
            let outcome = self.go_on(&request, latents, pacer, sketch).await?;
            self.encoded = latents.encoded.clone().map(|latents| Encoded {
                rgb: task.rgb.to_vec(),
                hole: task.hole.to_vec(),
                latents,
            });
            planes::to_rgb(&outcome.decoded, side, side)
        })
    }
}

/// What a run of the model takes, for a task of its size.
fn request(task: &Task<'_>, side: u32) -> Result<Request> {
    let area = side as usize * side as usize;
    if task.rgb.len() != 3 * area || task.hole.len() != area {
        let what = format!("this model takes {side} x {side} pixels, not {} with {}", task.rgb.len(), task.hole.len());
        return Err(Error::Shape(what));
    }
    let image = planes::from_rgb(task.rgb);
    let in_hole = |i: usize| task.hole[i % area];
    let masked_image = image.iter().enumerate().map(|(i, value)| if in_hole(i) { 0.0 } else { *value }).collect();
    let latent_mask = latent_mask(task.hole, side as usize);
    let mut noise = gaussian(task.seed, Stream::Start, LATENT_CHANNELS as usize * latent_mask.len());
    offset(&mut noise, &gaussian(task.seed, Stream::Offset, LATENT_CHANNELS as usize), NOISE_OFFSET)?;
    Ok(Request {
        image,
        masked_image,
        latent_mask,
        noise,
        posterior_image: None,
        posterior_masked: None,
        guidance: task.options.get(&GUIDANCE) as f32,
    })
}

/// 1 where a latent pixel has anything of the hole, `[side / 8, side / 8]`. The reference looks at one pixel of 64 only, and loses thin
/// strokes.
fn latent_mask(hole: &[bool], side: usize) -> Vec<f32> {
    let scale = LATENT_SCALE as usize;
    let mut mask = vec![0.0; hole.len() / scale / scale];
    for at in (0..hole.len()).filter(|at| hole[*at]) {
        mask[at / side / scale * (side / scale) + at % side / scale] = 1.0;
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::moebius::options::OPTIONS;

    #[test]
    fn a_single_pixel_of_a_hole_is_repainted() {
        let options = Values::defaults(&OPTIONS);
        let mut hole = vec![false; 64 * 64];
        hole[9 * 64 + 63] = true;
        let rgb = vec![200; 3 * 64 * 64];
        let request = request(&Task { rgb: &rgb, hole: &hole, seed: 1, options: &options }, 64).unwrap();
        let latent: Vec<usize> = (0..64).filter(|at| request.latent_mask[*at] == 1.0).collect();
        assert_eq!(latent, [8 + 7]);
        let masked = request.masked_image.iter().zip(&request.image).filter(|(a, b)| a != b).count();
        assert_eq!((masked, request.guidance, request.noise.len()), (3, 2.5, 4 * 64));
    }

    #[test]
    fn a_task_of_another_size_is_refused() {
        let options = Values::default();
        for (colours, pixels) in [(3 * 64 * 64 - 1, 64 * 64), (3 * 64 * 64, 64 * 64 + 1)] {
            let (rgb, hole) = (vec![0; colours], vec![false; pixels]);
            let refused = request(&Task { rgb: &rgb, hole: &hole, seed: 1, options: &options }, 64);
            assert!(matches!(refused, Err(Error::Shape(_))));
        }
    }
}
