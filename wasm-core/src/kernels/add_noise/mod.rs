//! Adds noise to latents (the forward process of diffusion), which gives the latents before the first step.

pub mod reference;

use super::{kernel, wgsl};
use crate::gpu::{Dispatch, Element, Graph, LANES, Strides, View, params};
use crate::{Error, Result};

/// `Y = k[0] X + k[1] noise`, everything in f32.
#[derive(Clone, Copy, Debug)]
pub struct AddNoise<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// X: `[1, C, H, W]`.
    pub x: View,
    /// `[1, C, H, W]`.
    pub noise: View,
    /// `[1, 1, 1, 4]`: how much of X, how much noise, and two unused.
    pub coefficients: View,
    /// Y: `[1, C, H, W]`.
    pub y: View,
}

params! {
    struct Params {
        x: Strides,
        e: Strides,
        k: Strides,
        y: Strides,
        quads: u32,
    }
}

impl AddNoise<'_> {
    /// Appends the operation to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (x, e, k, y) = (self.x, self.noise, self.coefficients, self.y);
        let fits = [x, e, y].iter().all(|v| v.shape() == y.shape()) && y.batch == 1 && k.pixels() >= 2;
        if !fits || [x, e, k, y].iter().any(|v| v.element != Element::F32) {
            return Err(Error::Shape(format!("{}: noise on {:?} to {:?}", self.label, x.shape(), y.shape())));
        }
        let params = Params {
            x: Strides::of(&x),
            e: Strides::of(&e),
            k: Strides::of(&k),
            y: Strides::of(&y),
            quads: y.pixels().div_ceil(4),
        };
        let program = kernel("add_noise", wgsl!("add_noise.wgsl"));
        let workgroups = [params.quads.div_ceil(LANES), y.channels, 1];
        g.dispatch(Dispatch::new(self.label, program, workgroups, &params).read(&x).read(&e).read(&k).write(&y));
        Ok(())
    }
}
