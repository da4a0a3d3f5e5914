//! Convolutions against their plain forms; doubling against repetition followed by the whole 3x3 convolution.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::conv2d::{Conv2d, Window, reference};
use wasm_core::kernels::{Activation, Tile};

use crate::rig::{Errors, Trial, bound, elements, relative_l2, seeds};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in seeds(40, 20) {
            let window = [Window::Same, Window::Half, Window::HalfBottomRight, Window::Doubled][seed as usize % 4];
            let mut t = Trial::new(seed);
            // Every tile with every window.
            let tile = Tile::ALL[seed as usize / 4 % Tile::ALL.len()];
            let (batch, m, c) = (t.rng.within(1, 3), t.rng.within(1, 150), t.rng.within(1, 40));
            let (h, w) = (t.rng.within(2, 19), t.rng.within(2, 19));
            let (x, x_values) = t.input(element, [batch, c, h, w]);
            let [out_h, out_w] = window.result(h, w);
            let shape = [batch, m, out_h, out_w];
            let (mi, ci) = (m as usize, c as usize);
            let (filters, weights) = t.filters(m, c, seed % 3 == 2);
            let bias = t.rng.numbers(mi.next_multiple_of(4));
            let bias_constant = t.constant_f32(&bias);
            let activation = t.rng.of(&[Activation::None, Activation::Silu]);
            let residual = (t.rng.within(0, 1) == 1).then(|| t.input(element, shape));
            let out = t.rng.of(&[element, Element::F32]);
            let factors = t.factors();
            let y = t.output(out, shape);
            Conv2d {
                label: "conv2d",
                window,
                weights: filters,
                bias: bias_constant,
                x,
                factors,
                activation,
                residual: residual.as_ref().map(|(view, _)| *view),
                y,
            }
            .record_in(&mut t.g, tile)?;

            let dims = [batch as usize, mi, ci, 3];
            let (h, w, out_size) = (h as usize, w as usize, [out_h as usize, out_w as usize]);
            let mut expected = match window {
                Window::Same => reference::conv2d(&weights, &x_values, dims, [h, w], out_size, 1, 1),
                Window::Half => reference::conv2d(&weights, &x_values, dims, [h, w], out_size, 2, 1),
                Window::HalfBottomRight => reference::conv2d(&weights, &x_values, dims, [h, w], out_size, 2, 0),
                Window::Doubled => {
                    let doubled = reference::upsample_nearest(&x_values, h, w);
                    reference::conv2d(&weights, &doubled, dims, [2 * h, 2 * w], out_size, 1, 1)
                }
            };
            for (i, value) in expected.iter_mut().enumerate() {
                *value = factors.sum * *value + factors.bias * bias[i / (out_size[0] * out_size[1]) % mi];
                *value = activation.of(*value);
                *value += residual.as_ref().map_or(0.0, |(_, r)| r[i]);
            }
            let found = &t.run(gpu, &[y]).await?[0];
            let what = format!("seed {seed} {tile:?} {window:?} {h}x{w} {ci}->{mi} {element:?}");
            errors.note(&what, relative_l2(found, &expected), bound(out));
        }
    }
    errors.finish("conv2d");
    Ok(())
}

/// One dispatch that doubles a map to a width that is no multiple of 4.
#[cfg(not(target_arch = "wasm32"))]
pub fn odd_doubling() -> Result<wasm_core::gpu::Graph> {
    let mut t = Trial::new(0);
    let (x, y) = (t.output(Element::F32, [1, 2, 3, 5]), t.output(Element::F32, [1, 4, 6, 10]));
    let (weights, bias) = (t.filters(4, 2, false).0, t.constant_f32(&[0.0; 4]));
    let (window, activation) = (Window::Doubled, Activation::None);
    Conv2d {
        label: "conv2d",
        window,
        weights,
        bias,
        x,
        factors: wasm_core::kernels::Factors::ONE,
        activation,
        residual: None,
        y,
    }
    .record(&mut t.g)?;
    Ok(t.g)
}
