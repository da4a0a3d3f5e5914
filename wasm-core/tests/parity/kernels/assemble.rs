//! The U-Net's input against its plain form.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::assemble::{Assemble, reference};

use crate::rig::{Errors, Trial, bound, elements, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for out in elements(gpu) {
        for seed in 0..24 {
            let mut t = Trial::new(seed);
            let (h, w) = if seed == 0 { (1, 1) } else { (t.rng.within(1, 70), t.rng.within(1, 70)) };
            let (latents, a) = t.input(Element::F32, [1, 4, h, w]);
            let (mask, m) = t.input(Element::F32, [1, 1, h, w]);
            let (masked, z) = t.input(Element::F32, [1, 4, h, w]);
            let y = t.output(out, [1, 9, h, w]);
            Assemble { label: "assemble", latents, mask, masked, y }.record(&mut t.g)?;
            let expected = reference::assemble(&a, &m, &z);
            let found = &t.run(gpu, &[y]).await?[0];
            errors.note(&format!("seed {seed} {h}x{w} -> {out:?}"), relative_l2(found, &expected), bound(out));
        }
    }
    errors.finish("assemble");
    Ok(())
}
