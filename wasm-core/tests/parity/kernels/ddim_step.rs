//! A guided DDIM step against its plain form.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::ddim_step::{DdimStep, reference};

use crate::rig::{Errors, Trial, bound, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for seed in 0..24 {
        let mut t = Trial::new(seed);
        let (h, w) = if seed == 0 { (1, 1) } else { (t.rng.within(1, 70), t.rng.within(1, 70)) };
        let (predicted, e) = t.input(Element::F32, [2, 4, h, w]);
        let (latents, x) = t.input(Element::F32, [1, 4, h, w]);
        // The first step of the network, one in the middle, and the last, whose result is the clean image itself.
        let (abar, previous): (f32, f32) = t.rng.of(&[(0.014, 0.022), (0.3, 0.37), (0.999, 1.0)]);
        let k = [abar, 1.0 - abar, previous, 1.0 - previous].map(f32::sqrt);
        // What follows belongs to steps that do not run.
        let mut table = k.to_vec();
        table.extend([f32::NAN; 4]);
        let coefficients = t.constant_f32(&table);
        let scale = t.rng.of(&[1.0, 2.5, 4.5]);
        let guidance = t.given(Element::F32, [1, 1, 1, 4], vec![scale, f32::NAN, f32::NAN, f32::NAN]);
        let y = t.output(Element::F32, [1, 4, h, w]);
        DdimStep { label: "step", predicted, latents, coefficients, guidance, y }.record(&mut t.g)?;
        let expected = reference::ddim_step(&e, &x, scale, k);
        let found = &t.run(gpu, &[y]).await?[0];
        errors.note(&format!("seed {seed} {h}x{w} abar {abar}"), relative_l2(found, &expected), bound(Element::F32));
    }
    errors.finish("ddim step");
    Ok(())
}
