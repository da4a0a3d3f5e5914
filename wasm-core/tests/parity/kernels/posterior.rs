//! Samples of the posterior against their plain form.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::posterior::{Posterior, reference};

use crate::rig::{Errors, Trial, bound, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for seed in 0..24 {
        let mut t = Trial::new(seed);
        let (h, w) = if seed == 0 { (1, 1) } else { (t.rng.within(1, 70), t.rng.within(1, 70)) };
        let c = t.rng.within(1, 5);
        let mut values = t.rng.numbers((2 * c * h * w) as usize);
        // Log-variances far beyond both ends, one of which nothing but the clamp keeps from infinity.
        let half = values.len() / 2;
        let reach = t.rng.of(&[1.0, 10.0, 60.0]);
        values[half..].iter_mut().for_each(|v| *v *= reach);
        let moments = t.given(Element::F32, [1, 2 * c, h, w], values.clone());
        let (noise, e) = t.input(Element::F32, [1, c, h, w]);
        let y = t.output(Element::F32, [1, c, h, w]);
        let scale = 0.13025;
        Posterior { label: "sample", moments, noise, scale, y }.record(&mut t.g)?;
        let expected = reference::posterior(&values, &e, scale);
        let found = &t.run(gpu, &[y]).await?[0];
        errors.note(
            &format!("seed {seed} {c}x{h}x{w} reach {reach}"),
            relative_l2(found, &expected),
            bound(Element::F32),
        );
    }
    errors.finish("posterior");
    Ok(())
}
