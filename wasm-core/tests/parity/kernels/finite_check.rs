//! The count of numbers that are not finite against its plain form.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::finite_check::{FiniteCheck, reference};

use crate::rig::{Errors, Trial, elements};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..24 {
            let mut t = Trial::new(seed);
            let shape = [t.rng.within(1, 3), t.rng.within(1, 5), t.rng.within(1, 40), t.rng.within(1, 40)];
            let mut values = t.rng.halves(shape.iter().product::<u32>() as usize);
            // Every fourth is finite throughout; padding is NaN in any case, and must not count.
            let faults = if seed % 4 == 0 { 0 } else { t.rng.within(1, 300) };
            let last = values.len() as u32 - 1;
            for _ in 0..faults {
                let at = t.rng.within(0, last) as usize;
                // The largest number of 16 bits is still finite.
                values[at] = t.rng.of(&[f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 65504.0, -65504.0]);
            }
            let expected = reference::finite_check(&values);
            let x = t.given(element, shape, values);
            let y = t.output(Element::F32, [1, 1, 1, 4]);
            FiniteCheck { label: "finite?", x, y }.record(&mut t.g)?;
            let found = &t.run(gpu, &[y]).await?[0];
            let exact = found[..] == [expected, 0.0, 0.0, 0.0];
            let error = if exact { 0.0 } else { f64::INFINITY };
            errors.note(&format!("seed {seed} {shape:?} {element:?}: {found:?} for {expected}"), error, 0.0);
        }
    }
    errors.finish("finite check");
    Ok(())
}
