//! Depthwise convolution against its plain form, with an activation and gated.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::Activation;
use wasm_core::kernels::depthwise_conv::{DepthwiseConv, Form, reference};

use crate::rig::{Errors, Rng, Trial, bound, elements, relative_l2};

async fn compare(
    gpu: &Gpu,
    errors: &mut Errors,
    seed: u64,
    element: Element,
    [batch, channels, h, w]: [u32; 4],
    form: Form,
) -> Result<()> {
    let mut t = Trial::new(seed);
    let doubled = if form == Form::Gated { 2 * channels } else { channels };
    let (x, x_values) = t.input(element, [batch, doubled, h, w]);
    let mut weights = t.rng.numbers(12 * doubled as usize);
    // The twelfth number is not used.
    weights.iter_mut().skip(11).step_by(12).for_each(|v| *v = f32::NAN);
    let constant = t.constant_f32(&weights);
    let out = t.rng.of(&elements(gpu));
    let y = t.output(out, [batch, channels, h, w]);
    DepthwiseConv { label: "conv", x, weights: constant, form, y }.record(&mut t.g)?;

    let sizes = [batch, doubled, h, w].map(|d| d as usize);
    let sums = reference::depthwise_conv(&x_values, &weights, sizes);
    let expected = match form {
        Form::Plain(activation) => sums.into_iter().map(|v| activation.of(v)).collect(),
        Form::Gated => reference::gate(&sums, [sizes[0], sizes[1], sizes[2] * sizes[3]]),
    };
    let found = &t.run(gpu, &[y]).await?[0];
    let what = format!("seed {seed} {batch}x{doubled}x{h}x{w} {form:?} {element:?} -> {out:?}");
    errors.note(&what, relative_l2(found, &expected), bound(out));
    Ok(())
}

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let forms = [Form::Plain(Activation::None), Form::Plain(Activation::Relu), Form::Gated];
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..36 {
            let mut rng = Rng(seed + 1000);
            // Every second has rows of whole quads.
            let w = if seed % 2 == 0 { 4 * rng.within(1, 9) } else { rng.within(1, 37) };
            let shape = [rng.within(1, 3), rng.within(1, 50), rng.within(1, 37), w];
            compare(gpu, &mut errors, seed, element, shape, rng.of(&forms)).await?;
        }
        // Single pixels, rows and columns: nothing but borders. Then a map of the network.
        let edges = [[1, 3, 1, 1], [2, 3, 1, 4], [1, 3, 4, 1], [2, 5, 2, 2], [1, 1, 1, 7], [1, 96, 64, 64]];
        for (seed, shape) in (100..).zip(edges) {
            for form in forms {
                // An activation may leave nothing of so few numbers to compare.
                let form = if form == forms[1] && shape[2] < 64 { forms[0] } else { form };
                compare(gpu, &mut errors, seed, element, shape, form).await?;
            }
        }
    }
    errors.finish("depthwise conv");
    Ok(())
}
