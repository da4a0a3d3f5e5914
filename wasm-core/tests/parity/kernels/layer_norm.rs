//! Layer normalisation against its plain form.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::Columns;
use wasm_core::kernels::layer_norm::{LayerNorm, reference};

use crate::rig::{Errors, Rng, Trial, bound, elements, relative_l2};

async fn compare(
    gpu: &Gpu,
    errors: &mut Errors,
    seed: u64,
    element: Element,
    [batch, c, h, w]: [u32; 4],
    epsilon: f32,
    (mean, scale): (f32, f32),
) -> Result<()> {
    let mut t = Trial::new(seed);
    let shape = [batch, c, h, w];
    let (x, x_values) = if (mean, scale) == (0.0, 1.0) {
        t.input(element, shape)
    } else {
        let count = shape.iter().product::<u32>() as usize;
        let values: Vec<f32> = t.rng.numbers(count).into_iter().map(|v| v * scale + mean).collect();
        let view = t.given(element, shape, values.clone());
        (view, values)
    };
    let affine = t.rng.numbers(2 * c as usize);
    let out = t.rng.of(&elements(gpu));
    let y = t.output(out, shape);
    let affine_constant = t.constant_f32(&affine);
    LayerNorm { label: "norm", x, affine: affine_constant, epsilon, y }
        .record_in(&mut t.g, Columns::ALL[seed as usize % 3])?;

    let (weight, bias) = affine.split_at(c as usize);
    let sizes = [batch, c, h * w].map(|d| d as usize);
    let expected = reference::layer_norm(&x_values, weight, bias, sizes, f64::from(epsilon));
    let found = &t.run(gpu, &[y]).await?[0];
    let what = format!("seed {seed} {shape:?} {element:?} -> {out:?} mean {mean}");
    errors.note(&what, relative_l2(found, &expected), bound(out));
    Ok(())
}

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..24 {
            let mut rng = Rng(seed + 1000);
            let shape = [rng.within(1, 3), rng.within(2, 400), rng.within(1, 9), rng.within(1, 13)];
            let epsilon = rng.of(&[1e-5, 1e-6]);
            compare(gpu, &mut errors, seed, element, shape, epsilon, (0.0, 1.0)).await?;
        }
        // One token; one channel, of which only the bias remains; a width of the network.
        for (seed, shape) in [(100, [1, 320, 1, 1]), (101, [2, 1, 3, 5]), (102, [1, 1280, 16, 16])] {
            compare(gpu, &mut errors, seed, element, shape, 1e-5, (0.0, 1.0)).await?;
        }
    }
    // A mean that outweighs the deviation, and numbers so small that epsilon decides.
    for seed in 200..206 {
        let mut rng = Rng(seed);
        let shape = [1, rng.within(40, 400), 5, 7];
        let values = [(1000.0, 1.0), (-1000.0, 0.5), (0.0, 1e-3)][seed as usize % 3];
        for epsilon in [1e-5, 1e-6] {
            compare(gpu, &mut errors, seed, Element::F32, shape, epsilon, values).await?;
        }
    }
    errors.finish("layer norm");
    Ok(())
}
