//! A sample of the latent distribution that the VAE's encoder describes.

pub mod reference;

use super::{kernel, wgsl};
use crate::gpu::{Dispatch, Element, Graph, LANES, Strides, View, params};
use crate::{Error, Result};

/// `Y = scale * (mean + std * noise)`, everything in f32.
#[derive(Clone, Copy, Debug)]
pub struct Posterior<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// Means and then log-variances: `[1, 2 C, H, W]`.
    pub moments: View,
    /// Gaussian noise, or zeros for the mean: `[1, C, H, W]`.
    pub noise: View,
    /// The VAE's scaling factor.
    pub scale: f32,
    /// Y: `[1, C, H, W]`.
    pub y: View,
}

params! {
    struct Params {
        x: Strides,
        e: Strides,
        y: Strides,
        quads: u32,
        channels: u32,
        scale: f32,
    }
}

impl Posterior<'_> {
    /// Appends the operation to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (x, e, y) = (self.moments, self.noise, self.y);
        let [batch, c, h, w] = y.shape();
        let fits = batch == 1 && x.shape() == [1, 2 * c, h, w] && e.shape() == y.shape();
        if !fits || [x, e, y].iter().any(|v| v.element != Element::F32) {
            return Err(Error::Shape(format!("{}: sample {:?} of {:?}", self.label, y.shape(), x.shape())));
        }
        let params = Params {
            x: Strides::of(&x),
            e: Strides::of(&e),
            y: Strides::of(&y),
            quads: y.pixels().div_ceil(4),
            channels: c,
            scale: self.scale,
        };
        let program = kernel("posterior", wgsl!("posterior.wgsl"));
        let workgroups = [params.quads.div_ceil(LANES), c, 1];
        g.dispatch(Dispatch::new(self.label, program, workgroups, &params).read(&x).read(&e).write(&y));
        Ok(())
    }
}
