//! Softmax along both axes against its plain form.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::softmax::{Axis, Softmax, reference};

use crate::rig::{Errors, Rng, Trial, bound, elements, relative_l2};

async fn compare(
    gpu: &Gpu,
    errors: &mut Errors,
    seed: u64,
    element: Element,
    shape: [u32; 4],
    axis: Axis,
    scale: f32,
) -> Result<()> {
    let mut t = Trial::new(seed);
    let count = shape.iter().product::<u32>() as usize;
    // Numbers of 11 bits times a power of two: exact in either type.
    let values: Vec<f32> = t.rng.halves(count).into_iter().map(|v| v * scale).collect();
    let x = t.given(element, shape, values.clone());
    let out = t.rng.of(&elements(gpu));
    let y = t.output(out, shape);
    Softmax { label: "softmax", x, axis, y }.record(&mut t.g)?;

    let [b, c, h, w] = shape.map(|d| d as usize);
    let expected = match axis {
        Axis::Pixels => reference::softmax(&values, [b * c, h * w]),
        Axis::Channels => reference::softmax_columns(&values, [b, c, h * w]),
    };
    let found = &t.run(gpu, &[y]).await?[0];
    let what = format!("seed {seed} {shape:?} {axis:?} {element:?} -> {out:?} scale {scale}");
    errors.note(&what, relative_l2(found, &expected), bound(out));
    Ok(())
}

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for axis in [Axis::Pixels, Axis::Channels] {
            for seed in 0..24 {
                let mut rng = Rng(seed + 1000);
                let (long, short) = (rng.within(1, 1500), rng.within(1, 40));
                let (c, n) = if axis == Axis::Pixels { (short, long) } else { (long, short) };
                let scale = rng.of(&[1.0, 4.0, 16.0]);
                compare(gpu, &mut errors, seed, element, [rng.within(1, 3), c, 1, n], axis, scale).await?;
            }
            // One number alone; tokens of the conditioning; logits that would overflow, and so far apart that all but the
            // largest vanish.
            let edges =
                [([2, 1, 1, 1], 1.0), ([1, 40, 1, 10], 8.0), ([2, 37, 1, 61], 256.0), ([2, 37, 1, 61], 16384.0)];
            for (seed, (shape, scale)) in (100..).zip(edges) {
                compare(gpu, &mut errors, seed, element, shape, axis, scale).await?;
            }
        }
    }
    for axis in [Axis::Pixels, Axis::Channels] {
        compare(gpu, &mut errors, 200, Element::F32, [1, 71, 1, 83], axis, 1e30).await?;
    }
    errors.finish("softmax");
    Ok(())
}
