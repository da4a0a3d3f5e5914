//! Self-lambda against its plain form, which convolves first and contracts then.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::lambda_local::reference::{self, Sizes};
use wasm_core::kernels::lambda_local::{LambdaLocal, pack_filters};

use crate::rig::{Errors, Trial, bound, elements, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..24 {
            let mut t = Trial::new(seed);
            // A tiny model's first, then maps of any size, of which every third has rows of whole fours, and every sixth more values
            // than one workgroup computes.
            let (batch, heads, k, v, h, w) = match seed {
                0 => (2, 8, 4, 4, 16, 16),
                1 => (2, 8, 8, 8, 8, 8),
                2 => (2, 8, 16, 16, 4, 4),
                3 => (1, 4, 1, 1, 1, 1),
                4 => (1, 4, 3, 7, 17, 31),
                _ => {
                    let values = if seed % 6 == 5 { t.rng.within(41, 85) } else { t.rng.within(1, 30) };
                    let height = t.rng.within(1, 17);
                    let width = if seed % 3 == 0 { 4 * t.rng.within(1, 5) } else { t.rng.within(1, 18) };
                    (t.rng.within(1, 3), 4 * t.rng.within(1, 2), t.rng.within(1, 11), values, height, width)
                }
            };
            let (q, q_values) = t.input(element, [batch, heads * k, h, w]);
            // Both branches of a guided sampler may share their values.
            let shared = seed % 7 == 6;
            let (values, mut value_values) = t.input(element, [if shared { 1 } else { batch }, v, h, w]);
            let values = if shared { values.repeat(batch) } else { values };
            if shared {
                value_values = value_values.repeat(batch as usize);
            }
            let (content, content_values) = t.input(Element::F32, [batch, k, 1, v]);
            let weights: Vec<f32> = t.rng.numbers((k * 225) as usize).iter().map(|w| w / 15.0).collect();
            let filters = t.constant(pack_filters(&weights, k as usize));
            let shape = [batch, heads * v, h, w];
            let residual = (t.rng.within(0, 1) > 0).then(|| t.input(element, shape));
            let out = t.rng.of(&[element, Element::F32]);
            let y = t.output(out, shape);
            let residual_view = residual.as_ref().map(|(view, _)| *view);
            LambdaLocal { label: "lambda_local", q, v: values, content, filters, residual: residual_view, y }
                .record(&mut t.g)?;

            let [batch, heads, keys, values, height, width] = [batch, heads, k, v, h, w].map(|d| d as usize);
            let sizes = Sizes { batch, heads, keys, values, height, width };
            let mut expected = reference::lambda_local(&q_values, &content_values, &value_values, &weights, sizes);
            if let Some((_, residual)) = residual {
                expected.iter_mut().zip(residual).for_each(|(e, r)| *e += r);
            }
            let found = &t.run(gpu, &[y]).await?[0];
            errors.note(&format!("seed {seed} {sizes:?} {element:?}"), relative_l2(found, &expected), bound(out));
        }
    }
    errors.finish("lambda_local");
    Ok(())
}

/// One dispatch on a map whose width is no multiple of 4.
#[cfg(not(target_arch = "wasm32"))]
pub fn ragged() -> Result<wasm_core::gpu::Graph> {
    let mut t = Trial::new(0);
    // More values than a workgroup computes.
    let (q, v) = (t.output(Element::F32, [1, 8, 3, 5]), t.output(Element::F32, [1, 50, 3, 5]));
    let (content, y) = (t.output(Element::F32, [1, 2, 1, 50]), t.output(Element::F32, [1, 200, 3, 5]));
    let filters = t.constant(pack_filters(&[0.0; 450], 2));
    LambdaLocal { label: "lambda_local", q, v, content, filters, residual: None, y }.record(&mut t.g)?;
    Ok(t.g)
}
