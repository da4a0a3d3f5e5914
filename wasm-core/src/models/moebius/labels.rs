//! Labels of the tensors that last beyond one graph's run: by them, the graphs of a run share buffers.

use crate::Result;
use crate::gpu::{Element, Graph, View};
use crate::kernels::finite_check::FiniteCheck;

/// What is encoded, and later what was decoded.
pub(super) const PICTURE: &str = "picture";
pub(super) const MOMENTS: &str = "moments";
pub(super) const POSTERIOR_NOISE: &str = "posterior noise";
pub(super) const ENCODED: &str = "encoded";
pub(super) const IMAGE_LATENTS: &str = "image latents";
pub(super) const MASKED_LATENTS: &str = "masked latents";
pub(super) const MASK: &str = "latent mask";
pub(super) const NOISE: &str = "noise";
pub(super) const START: &str = "start coefficients";
pub(super) const GUIDANCE: &str = "guidance";
pub(super) const LATENTS: &str = "latents";
pub(super) const NEXT_LATENTS: &str = "next latents";
pub(super) const CLEAN: &str = "predicted latents";
pub(super) const PREDICTED: &str = "predicted noise";
pub(super) const CONDITIONAL: &str = "noise of the conditional branch";
pub(super) const DECODER_INPUT: &str = "decoder input";
pub(super) const FINITE: &str = "not finite";

/// Shape of a few numbers that a kernel reads or writes.
pub(super) const SCALARS: [u32; 4] = [1, 1, 1, 4];

/// The tensor `label` in f32.
pub(super) fn shared(g: &mut Graph, label: &str, shape: [u32; 4]) -> View {
    g.persistent(label, Element::F32, shape)
}

/// Counts the numbers of `x` that are not finite.
pub(super) fn count_not_finite(g: &mut Graph, x: View) -> Result<()> {
    let count = shared(g, FINITE, SCALARS);
    FiniteCheck { label: "finite check", x, y: count }.record(g)
}
