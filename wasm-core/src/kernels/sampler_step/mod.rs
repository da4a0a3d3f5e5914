//! One step of the sampler: classifier-free guidance, and DDIM or DPM-Solver++(2M).

pub mod reference;

use super::{kernel, wgsl};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, LANES, Strides, View, params};
use crate::{Error, Result};

/// The latents after this step, everything in f32.
#[derive(Clone, Copy, Debug)]
pub struct SamplerStep<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// The noise that the unconditional and then the conditional branch predicts: `[2, C, H, W]`. With `[1, C, H, W]`, the conditional one's
    /// alone, the step is without guidance.
    pub predicted: View,
    /// `[1, C, H, W]`.
    pub latents: View,
    /// `[steps, 8]`: roots of `abar_t` and `1 - abar_t`; how much the result has of the prediction, of the noise and of the prediction before;
    /// three unused.
    pub coefficients: ConstantId,
    /// `[1, 1, 1, 4]`: the guidance scale and three unused.
    pub guidance: View,
    /// The finished latents as the step before predicted them, and afterwards as this one does: `[1, C, H, W]`.
    pub clean: View,
    /// `[1, C, H, W]`.
    pub y: View,
}

params! {
    struct Params {
        e: Strides,
        x: Strides,
        g: Strides,
        c: Strides,
        y: Strides,
        quads: u32,
        conditional: u32,
    }
}

impl SamplerStep<'_> {
    /// Appends the step to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (e, x, scale, clean, y) = (self.predicted, self.latents, self.guidance, self.clean, self.y);
        let [batch, c, h, w] = y.shape();
        let branches_fit = e.shape() == [2, c, h, w] || e.shape() == [1, c, h, w];
        let fits = batch == 1 && x.shape() == y.shape() && clean.shape() == y.shape() && branches_fit;
        if !fits || [e, x, scale, clean, y].iter().any(|v| v.element != Element::F32) {
            return Err(Error::Shape(format!("{}: step from {:?} to {:?}", self.label, x.shape(), y.shape())));
        }
        let params = Params {
            e: Strides::of(&e),
            x: Strides::of(&x),
            g: Strides::of(&scale),
            c: Strides::of(&clean),
            y: Strides::of(&y),
            quads: y.pixels().div_ceil(4),
            conditional: e.batch - 1,
        };
        let program = kernel("sampler_step", wgsl!("sampler_step.wgsl"));
        let workgroups = [params.quads.div_ceil(LANES), c, 1];
        let dispatch = Dispatch::new(self.label, program, workgroups, &params).step().constant(self.coefficients);
        g.dispatch(dispatch.read(&e).read(&x).read(&scale).write(&clean).write(&y));
        Ok(())
    }
}
