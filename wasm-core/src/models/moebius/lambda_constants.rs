//! What the lambda layers bind besides matrices and norms: their position filters and embeddings.

use std::rc::Rc;

use crate::gpu::{Constant, ConstantId, Element, Graph, Recipe};
use crate::kernels::{lambda_cross, lambda_local};
use crate::nn::WeightElement;
use crate::nn::constants::{add, stored, when};

/// The filters of a local lambda, `[K, 1, 1, 15, 15]`.
pub(super) fn position_filters(g: &mut Graph, name: String, k: u32) -> ConstantId {
    let keys = k as usize;
    let inputs = vec![(name.clone(), vec![keys, 1, 1, 15, 15])];
    add(g, format!("position filters {name}"), lambda_local::packed_filters_bytes(keys), inputs, move |weights| {
        Ok(lambda_local::pack_filters(&weights.read(&name)?, keys))
    })
}

/// The position embedding of a cross-lambda, `[N, tokens, K, 1]`. Where it is kept in 8 bits, it becomes 16 at loading.
pub(super) fn positions(g: &mut Graph, name: String, pixels: u32, k: u32, element: WeightElement) -> ConstantId {
    let (pixels, keys) = (pixels as usize, k as usize);
    let inputs = vec![(name.clone(), vec![pixels, lambda_cross::TOKENS, keys, 1])];
    let bytes = lambda_cross::packed_rel_pos_emb_bytes(pixels, keys);
    let label = format!("positions {name}");
    let recipe: Recipe = Rc::new(move |weights| {
        let values = weights.read(&name)?;
        // What 16 bits cannot hold is found here; the kernel's own packing does not look.
        stored(Element::F16, &name, &values)?;
        Ok(lambda_cross::pack_rel_pos_emb(&values, pixels, keys))
    });
    g.constant(Constant { label, bytes, inputs, scales: vec![], recipe, when: when(element) })
}
