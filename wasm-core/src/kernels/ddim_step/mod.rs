//! One step of the sampler: classifier-free guidance and DDIM.

pub mod reference;

use super::{kernel, wgsl};
use crate::gpu::{ConstantId, Dispatch, Element, Graph, LANES, Strides, View, params};
use crate::{Error, Result};

/// The latents after this step, everything in f32.
#[derive(Clone, Copy, Debug)]
pub struct DdimStep<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// The noise that the unconditional and then the conditional branch predicts: `[2, C, H, W]`.
    pub predicted: View,
    /// `[1, C, H, W]`.
    pub latents: View,
    /// `[steps, 4]`: roots of `abar_t`, `1 - abar_t`, `abar_prev`, `1 - abar_prev`.
    pub coefficients: ConstantId,
    /// `[1, 1, 1, 4]`: the guidance scale and three unused.
    pub guidance: View,
    /// `[1, C, H, W]`.
    pub y: View,
}

params! {
    struct Params {
        e: Strides,
        x: Strides,
        g: Strides,
        y: Strides,
        quads: u32,
    }
}

impl DdimStep<'_> {
    /// Appends the step to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (e, x, scale, y) = (self.predicted, self.latents, self.guidance, self.y);
        let [batch, c, h, w] = y.shape();
        let fits = batch == 1 && x.shape() == y.shape() && e.shape() == [2, c, h, w];
        if !fits || [e, x, scale, y].iter().any(|v| v.element != Element::F32) {
            return Err(Error::Shape(format!("{}: step from {:?} to {:?}", self.label, x.shape(), y.shape())));
        }
        let params = Params {
            e: Strides::of(&e),
            x: Strides::of(&x),
            g: Strides::of(&scale),
            y: Strides::of(&y),
            quads: y.pixels().div_ceil(4),
        };
        let program = kernel("ddim_step", wgsl!("ddim_step.wgsl"));
        let workgroups = [params.quads.div_ceil(LANES), c, 1];
        let dispatch = Dispatch::new(self.label, program, workgroups, &params).step().constant(self.coefficients);
        g.dispatch(dispatch.read(&e).read(&x).read(&scale).write(&y));
        Ok(())
    }
}
