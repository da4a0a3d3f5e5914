//! Convolutions against their plain forms; doubling against repetition followed by the whole 3x3 convolution.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::Activation;
use wasm_core::kernels::conv2d::{Conv2d, Window, pack, reference};

use crate::rig::{Errors, Trial, bound, elements, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..32 {
            let window = [Window::Same, Window::Half, Window::HalfBottomRight, Window::Doubled][seed as usize % 4];
            let mut t = Trial::new(seed);
            // Some are large enough for the large tile, whole or in parts, the phases of a doubling being as many matrices.
            let (batch, m, c, h, w) = match seed {
                12 => (3, 253, 3, 64, 63),
                7 | 19 => (3, 253, 5, 31, 29),
                _ => (
                    t.rng.within(1, 3),
                    t.rng.within(1, 70),
                    t.rng.within(1, 40),
                    t.rng.within(2, 19),
                    t.rng.within(2, 19),
                ),
            };
            let (x, x_values) = t.input(element, [batch, c, h, w]);
            let [out_h, out_w] = window.result(h, w);
            let shape = [batch, m, out_h, out_w];
            let (mi, ci) = (m as usize, c as usize);
            let weights = t.rng.halves(mi * ci * 9);
            let constant = t.constant_f16(&pack(&weights, mi, ci));
            let bias = t.rng.numbers(mi.next_multiple_of(4));
            let bias_constant = t.constant_f32(&bias);
            let activation = t.rng.of(&[Activation::None, Activation::Silu]);
            let residual = (t.rng.within(0, 1) == 1).then(|| t.input(element, shape));
            let out = t.rng.of(&[element, Element::F32]);
            let y = t.output(out, shape);
            Conv2d {
                label: "conv2d",
                window,
                weights: constant,
                bias: bias_constant,
                x,
                activation,
                residual: residual.as_ref().map(|(view, _)| *view),
                y,
            }
            .record(&mut t.g)?;
            if m == 253 {
                assert!(t.g.nodes()[0].program.label().contains("128"), "not the large tile");
            }

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
                *value = activation.of(*value + bias[i / (out_size[0] * out_size[1]) % mi]);
                *value += residual.as_ref().map_or(0.0, |(_, r)| r[i]);
            }
            let found = &t.run(gpu, &[y]).await?[0];
            let what = format!("seed {seed} {window:?} {h}x{w} {ci}->{mi} {element:?}");
            errors.note(&what, relative_l2(found, &expected), bound(out));
        }
    }
    errors.finish("conv2d");
    Ok(())
}
