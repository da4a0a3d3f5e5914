//! Scaled copy against its plain form, between element types.

use wasm_core::Result;
use wasm_core::gpu::Gpu;
use wasm_core::kernels::scaled_copy::{ScaledCopy, reference};

use crate::rig::{Errors, Trial, bound, elements, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..20 {
            let mut t = Trial::new(seed);
            let shape = [t.rng.within(1, 3), t.rng.within(1, 11), t.rng.within(1, 37), t.rng.within(1, 41)];
            let (x, values) = t.input(element, shape);
            let factor = t.rng.number();
            let out = t.rng.of(&elements(gpu));
            let y = t.output(out, shape);
            ScaledCopy { label: "copy", factor, x, y }.record(&mut t.g)?;
            let found = &t.run(gpu, &[y]).await?[0];
            errors.note(
                &format!("seed {seed} {shape:?}"),
                relative_l2(found, &reference::scaled_copy(&values, factor)),
                bound(out),
            );
        }
    }
    errors.finish("scaled_copy");
    Ok(())
}
