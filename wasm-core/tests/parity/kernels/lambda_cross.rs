//! Cross-lambda against its plain form, which makes a lambda for every pixel.

use wasm_core::Result;
use wasm_core::gpu::{Element, Gpu};
use wasm_core::kernels::lambda_cross::reference::{self, Sizes};
use wasm_core::kernels::lambda_cross::{LambdaCross, TOKENS, pack_rel_pos_emb, pad_tokens};

use crate::rig::{Errors, Trial, bound, elements, relative_l2};

pub async fn matches_its_reference(gpu: &Gpu) -> Result<()> {
    let mut errors = Errors::default();
    for element in elements(gpu) {
        for seed in 0..24 {
            let mut t = Trial::new(seed);
            // A tiny model's first.
            let (batch, heads, k, v, h, w) = match seed {
                0 => (2, 8, 4, 4, 16, 16),
                1 => (2, 8, 8, 8, 8, 8),
                2 => (2, 8, 16, 16, 4, 4),
                3 => (1, 4, 1, 1, 1, 1),
                _ => {
                    let (keys, values) = (t.rng.within(1, 45), t.rng.within(1, 45));
                    (t.rng.within(1, 3), 4 * t.rng.within(1, 3), keys, values, t.rng.within(1, 13), t.rng.within(1, 13))
                }
            };
            let pixels = h * w;
            // In the first layer of a network both branches of a guided sampler have the same queries.
            let shared = seed % 3 == 1;
            let (q, mut q_values) = t.input(element, [if shared { 1 } else { batch }, heads * k, h, w]);
            let q = if shared { q.repeat(batch) } else { q };
            if shared {
                q_values = q_values.repeat(batch as usize);
            }
            let tokens = TOKENS as u32;
            let embeddings = t.rng.halves((pixels * tokens * k) as usize);
            let embedding = t.constant(pack_rel_pos_emb(&embeddings, pixels as usize, k as usize));
            // The branches before the first one count for nothing.
            let first_branch = t.rng.within(0, 1);
            let branches = first_branch + batch;
            let key_values = t.rng.numbers((branches * k * tokens) as usize);
            let keys = t.constant(pad_tokens(&key_values));
            let value_values = t.rng.numbers((branches * v * tokens) as usize);
            let values = t.constant(pad_tokens(&value_values));
            let shape = [batch, heads * v, h, w];
            let residual = (t.rng.within(0, 1) > 0).then(|| t.input(element, shape));
            let out = t.rng.of(&[element, Element::F32]);
            let y = t.output(out, shape);
            let residual_view = residual.as_ref().map(|(view, _)| *view);
            LambdaCross {
                label: "lambda_cross",
                heads,
                q,
                embedding,
                keys,
                values,
                first_branch,
                residual: residual_view,
                y,
            }
            .record(&mut t.g)?;

            let [batch, heads, keys, values, pixels] = [batch, heads, k, v, pixels].map(|d| d as usize);
            let sizes = Sizes { batch, heads, keys, values, pixels };
            let of = |all: &[f32], rows: usize| all[first_branch as usize * rows * TOKENS..].to_vec();
            let (own_keys, own_values) = (of(&key_values, keys), of(&value_values, values));
            let mut expected = reference::lambda_cross(&q_values, &embeddings, &own_keys, &own_values, sizes);
            if let Some((_, residual)) = residual {
                expected.iter_mut().zip(residual).for_each(|(e, r)| *e += r);
            }
            let found = &t.run(gpu, &[y]).await?[0];
            errors.note(&format!("seed {seed} {sizes:?} {element:?}"), relative_l2(found, &expected), bound(out));
        }
    }
    errors.finish("lambda_cross");
    Ok(())
}
