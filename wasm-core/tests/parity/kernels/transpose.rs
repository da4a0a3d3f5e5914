//! Transposition against its plain form.

use wasm_core::Result;
use wasm_core::gpu::Gpu;
use wasm_core::kernels::transpose::{Transpose, reference};

use crate::rig::{Errors, Trial, bound, elements, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..24 {
            let mut t = Trial::new(seed);
            // The first is a single element; others cross the tiles of 32 in either direction, or fill them exactly.
            let side = [1, 31, 32, 33, 97, 200];
            let (c, n) = if seed == 0 { (1, 1) } else { (t.rng.of(&side), t.rng.within(1, 150)) };
            let batch = t.rng.within(1, 3);
            let (x, values) = t.input(element, [batch, c, 1, n]);
            let out = t.rng.of(&elements(gpu));
            let y = t.output(out, [batch, n, 1, c]);
            Transpose { label: "transpose", x, y }.record(&mut t.g)?;
            let expected = reference::transpose(&values, c as usize, n as usize);
            let found = &t.run(gpu, &[y]).await?[0];
            let what = format!("seed {seed} {batch}x{c}x{n} {element:?} -> {out:?}");
            errors.note(&what, relative_l2(found, &expected), bound(out));
        }
    }
    errors.finish("transpose");
    Ok(())
}
