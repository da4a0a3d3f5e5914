//! Latents under noise against their plain form.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::add_noise::{AddNoise, reference};

use crate::rig::{Errors, Trial, bound, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for seed in 0..24 {
        let mut t = Trial::new(seed);
        let (h, w) = if seed == 0 { (1, 1) } else { (t.rng.within(1, 70), t.rng.within(1, 70)) };
        let c = t.rng.within(1, 5);
        let (x, x_values) = t.input(Element::F32, [1, c, h, w]);
        let (noise, e) = t.input(Element::F32, [1, c, h, w]);
        let (image_share, noise_share) = (0.25 + t.rng.number().abs(), 0.25 + t.rng.number().abs());
        let coefficients = t.given(Element::F32, [1, 1, 1, 4], vec![image_share, noise_share, f32::NAN, f32::NAN]);
        let y = t.output(Element::F32, [1, c, h, w]);
        AddNoise { label: "noise", x, noise, coefficients, y }.record(&mut t.g)?;
        let expected = reference::add_noise(&x_values, &e, image_share, noise_share);
        let found = &t.run(gpu, &[y]).await?[0];
        errors.note(&format!("seed {seed} {c}x{h}x{w}"), relative_l2(found, &expected), bound(Element::F32));
    }
    errors.finish("add noise");
    Ok(())
}
