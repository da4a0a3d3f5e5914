//! Matrix product against its plain form, with every epilogue.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::matmul::{Left, Matmul, reference};
use wasm_core::kernels::{Activation, Tile};

use crate::rig::{Errors, Trial, bound, elements, relative_l2, seeds};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in seeds(40, 10) {
            let mut t = Trial::new(seed);
            // Every tile on the same kinds of products: smaller than it, larger, and not its multiples.
            let tile = Tile::ALL[(seed / 2) as usize % Tile::ALL.len()];
            let (batch, m, n) = (t.rng.within(1, 3), t.rng.within(1, 300), t.rng.within(1, 400));
            let k = t.rng.within(1, 90);
            let shape = [batch, m, 1, n];
            let (x, x_values) = t.input(element, [batch, k, 1, n]);
            let padded = m.next_multiple_of(4) as usize;
            let mut weights = t.rng.halves((m * k) as usize);
            let left = if seed % 4 == 1 {
                // Whole numbers, the scale being anything that follows.
                weights.iter_mut().for_each(|w| *w = (*w * 73.0).round().clamp(-127.0, 127.0));
                let mut packed = vec![0x55; padded * k as usize];
                for (i, weight) in weights.iter().enumerate() {
                    packed[i % k as usize * padded + i / k as usize] = *weight as i8 as u8;
                }
                packed.resize(packed.len().next_multiple_of(16), 0);
                Left::Weights8(t.constant(packed))
            } else if t.rng.within(0, 3) == 0 {
                let transposed: Vec<f32> = (0..k * m).map(|i| weights[(i % m * k + i / m) as usize]).collect();
                Left::Tensor(t.given(Element::F32, [1, k, 1, m], transposed))
            } else {
                let at = |i: usize| {
                    let (k_at, m_at) = (i / padded, i % padded);
                    if m_at < m as usize { weights[m_at * k as usize + k_at] } else { f32::NAN }
                };
                let packed: Vec<f32> = (0..padded * k as usize).map(at).collect();
                Left::Weights(t.constant_f16(&packed))
            };
            let affine = t.rng.numbers(2 * padded);
            let with_affine = t.rng.within(0, 3) > 0;
            let activation = t.rng.of(&[Activation::None, Activation::Relu, Activation::Silu]);
            let residuals: Vec<_> = (0..t.rng.within(0, 2)).map(|_| t.input(element, shape)).collect();
            let views: Vec<_> = residuals.iter().map(|(view, _)| *view).collect();
            let out = t.rng.of(&[element, Element::F32]);
            let y = t.output(out, shape);
            let factors = t.factors();
            let affine_constant = with_affine.then(|| t.constant_f32(&affine));
            Matmul {
                label: "matmul",
                left,
                x,
                affine: affine_constant,
                bias_by_step: false,
                factors,
                activation,
                residuals: &views,
                y,
            }
            .record_in(&mut t.g, tile)?;

            let mut expected = reference::matmul(&weights, &x_values, [batch, m, k, n].map(|d| d as usize));
            for (i, value) in expected.iter_mut().enumerate() {
                let row = i / n as usize % m as usize;
                *value *= factors.sum;
                if with_affine {
                    *value = *value * affine[row] + factors.bias * affine[padded + row];
                }
                *value = activation.of(*value) + residuals.iter().map(|(_, r)| r[i]).sum::<f32>();
            }
            let found = &t.run(gpu, &[y]).await?[0];
            errors.note(
                &format!("seed {seed} {tile:?} {shape:?} k {k} {element:?}"),
                relative_l2(found, &expected),
                bound(out),
            );
        }
    }
    errors.finish("matmul");
    Ok(())
}
