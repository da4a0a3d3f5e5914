//! Group normalisation against its plain form.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu, View};
use wasm_core::kernels::Activation;
use wasm_core::kernels::group_norm::{GroupNorm, reference};

use crate::rig::{Errors, Trial, bound, elements, relative_l2};

/// One comparison; `shape` is that of the numbers, which `times` samples share if there is but one.
struct Case {
    seed: u64,
    element: Element,
    shape: [u32; 4],
    times: u32,
    groups: u32,
    epsilon: f32,
    scale: f32,
    mean: f32,
}

async fn compare(gpu: &Gpu, errors: &mut Errors, case: &Case) -> Result<()> {
    let Case { seed, element, shape, times, groups, epsilon, scale, mean } = *case;
    let [batch, c, h, w] = shape;
    let mut t = Trial::new(seed);
    let (x, x_values) = if (scale, mean) == (1.0, 0.0) {
        t.input(element, shape)
    } else {
        let count = shape.iter().product::<u32>() as usize;
        let values: Vec<f32> = t.rng.numbers(count).into_iter().map(|v| v * scale + mean).collect();
        let view = t.given(element, shape, values.clone());
        (view, values)
    };
    let affine = t.rng.numbers(2 * c as usize);
    let activation = t.rng.of(&[Activation::None, Activation::Silu]);
    let out = t.rng.of(&elements(gpu));
    let x: View = if times > 1 { x.repeat(times) } else { x };
    let y = t.output(out, [x.batch, c, h, w]);
    let affine_constant = t.constant_f32(&affine);
    let norm = GroupNorm { label: "norm", x, affine: affine_constant, groups, epsilon, activation, y };
    // Small groups by one dispatch or by two.
    if seed % 3 == 0 {
        norm.record_in_two(&mut t.g)?
    } else {
        norm.record(&mut t.g)?
    }

    let (weight, bias) = affine.split_at(c as usize);
    let sizes = [batch, c, h * w].map(|d| d as usize);
    let once = reference::group_norm(&x_values, weight, bias, sizes, groups as usize, f64::from(epsilon));
    let expected: Vec<f32> = once.repeat(times as usize).into_iter().map(|v| activation.of(v)).collect();
    let found = &t.run(gpu, &[y]).await?[0];
    let what = format!("seed {seed} {shape:?} x {times} {groups} groups {element:?} -> {out:?} {activation:?}");
    errors.note(&what, relative_l2(found, &expected), bound(out));
    Ok(())
}

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..24 {
            let mut rng = crate::rig::Rng(seed + 1000);
            let groups = rng.of(&[1, 2, 3, 7, 32]);
            let side = if groups == 32 { 12 } else { 40 };
            let (h, w) = (rng.within(1, side), rng.within(1, side));
            let times = rng.of(&[1, 1, 1, 3]);
            let batch = if times > 1 { 1 } else { rng.within(1, 3) };
            let shape = [batch, groups * rng.within(1, 5), h, w];
            // One number alone is its own mean: all that is left of it is rounding, which epsilon must hide.
            let epsilon = rng.of(&[1e-5, 1e-6]);
            compare(gpu, &mut errors, &Case { seed, element, shape, times, groups, epsilon, scale: 1.0, mean: 0.0 })
                .await?;
        }
        // Statistics in many parts, up to the most there may be; the last one short, channels across their seams.
        for (seed, shape, groups) in
            [(100, [1, 6, 61, 67], 2), (101, [2, 4, 64, 64], 1), (102, [1, 5, 331, 337], 1), (103, [1, 32, 1, 1], 32)]
        {
            let case = Case { seed, element, shape, times: 1, groups, epsilon: 1e-6, scale: 1.0, mean: 0.0 };
            compare(gpu, &mut errors, &case).await?;
        }
    }
    // A mean that outweighs the deviation, and numbers so small that epsilon decides.
    for seed in 200..206 {
        let mut rng = crate::rig::Rng(seed);
        let (h, w) = (rng.within(5, 90), rng.within(5, 90));
        let (mean, scale) = [(1000.0, 1.0), (-1000.0, 0.5), (0.0, 1e-3)][seed as usize % 3];
        for epsilon in [1e-5, 1e-6] {
            let case =
                Case { seed, element: Element::F32, shape: [1, 6, h, w], times: 1, groups: 2, epsilon, scale, mean };
            compare(gpu, &mut errors, &case).await?;
        }
    }
    errors.finish("group norm");
    Ok(())
}
