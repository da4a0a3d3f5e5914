//! Guided steps of either sampler against their plain form.

use wasm_core::Result;
use wasm_core::diffusion::schedule::Schedule;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::sampler_step::{SamplerStep, reference};

use crate::rig::{Errors, Trial, bound, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for seed in 0..24 {
        let mut t = Trial::new(seed);
        let (h, w) = if seed == 0 { (1, 1) } else { (t.rng.within(1, 70), t.rng.within(1, 70)) };
        let branches = t.rng.of(&[1, 2]);
        let (predicted, e) = t.input(Element::F32, [branches, 4, h, w]);
        let (latents, x) = t.input(Element::F32, [1, 4, h, w]);
        // The first step, one in the middle, and the last, whose result is the clean image itself.
        let schedule = if seed % 2 == 0 { Schedule::new(20, 0.99)? } else { Schedule::fast(8)? };
        let step = schedule.steps()[t.rng.of(&[0, 3, schedule.steps().len() - 1])];
        let mut table = step.coefficients().to_vec();
        // What follows is unused, or belongs to steps that do not run.
        table.extend([f32::NAN; 11]);
        let coefficients = t.constant_f32(&table);
        let scale = t.rng.of(&[1.0, 2.5, 4.5]);
        let guidance = t.given(Element::F32, [1, 1, 1, 4], vec![scale, f32::NAN, f32::NAN, f32::NAN]);
        // Nothing was predicted before a step of first order.
        let (clean, before) = if step.clean_before == 0.0 {
            (t.output(Element::F32, [1, 4, h, w]), vec![])
        } else {
            t.input(Element::F32, [1, 4, h, w])
        };
        let y = t.output(Element::F32, [1, 4, h, w]);
        SamplerStep { label: "step", predicted, latents, coefficients, guidance, clean, y }.record(&mut t.g)?;
        let expected = reference::sampler_step(&e, &x, scale, step.coefficients(), &before);
        let found = &t.run(gpu, &[y, clean]).await?;
        for (found, expected) in found.iter().zip([&expected.0, &expected.1]) {
            let what = format!("seed {seed} {h}x{w}, {branches} branches, at {}", step.timestep);
            errors.note(&what, relative_l2(found, expected), bound(Element::F32));
        }
    }
    errors.finish("sampler step");
    Ok(())
}
