//! Content lambda against its plain form.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::lambda_content::{LambdaContent, reference};

use crate::rig::{Errors, Trial, bound, elements, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..24 {
            let mut t = Trial::new(seed);
            // The first are the smallest of a tiny model, every fifth has many chunks.
            let (batch, k, v, n) = match seed {
                0 => (2, 4, 4, 256),
                1 => (2, 16, 16, 16),
                2 => (1, 1, 1, 1),
                _ if seed % 5 == 4 => {
                    (t.rng.within(1, 3), t.rng.within(1, 24), t.rng.within(1, 24), t.rng.within(2000, 5000))
                }
                _ => (t.rng.within(1, 3), t.rng.within(1, 70), t.rng.within(1, 70), t.rng.within(1, 700)),
            };
            let (keys, key_values) = t.input(element, [batch, k, 1, n]);
            let (values, value_values) = t.input(element, [batch, v, 1, n]);
            let biases = t.rng.numbers(k as usize);
            let bias = t.constant_f32(&biases);
            let y = t.output(Element::F32, [batch, k, 1, v]);
            LambdaContent { label: "lambda_content", p: keys, v: values, bias, y }.record(&mut t.g)?;

            let shape = [batch, k, v, n];
            let expected = reference::lambda_content(&key_values, &value_values, &biases, shape.map(|d| d as usize));
            let found = &t.run(gpu, &[y]).await?[0];
            // The result is in f32 whatever the operands are in.
            let error = relative_l2(found, &expected);
            errors.note(&format!("seed {seed} {shape:?} {element:?}"), error, bound(Element::F32));
        }
    }
    errors.finish("lambda_content");
    Ok(())
}
