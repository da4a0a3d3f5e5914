//! A copy, times a factor, into another place, layout or element type.

pub mod reference;

use super::{kernel, out, real, wgsl};
use crate::gpu::{Dispatch, Graph, LANES, Strides, View, params};
use crate::{Error, Result};

/// `Y = factor * X`.
#[derive(Clone, Copy, Debug)]
pub struct ScaledCopy<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// The factor.
    pub factor: f32,
    /// X: `[B, C, H, W]`.
    pub x: View,
    /// Y: `[B, C, H, W]`.
    pub y: View,
}

params! {
    struct Params {
        x: Strides,
        y: Strides,
        quads: u32,
        factor: f32,
    }
}

impl ScaledCopy<'_> {
    /// Appends the copy to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes differ.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (x, y) = (self.x, self.y);
        if x.shape() != y.shape() {
            return Err(Error::Shape(format!("{}: copy of {:?} to {:?}", self.label, x.shape(), y.shape())));
        }
        let params =
            Params { x: Strides::of(&x), y: Strides::of(&y), quads: y.pixels().div_ceil(4), factor: self.factor };
        let program = kernel("scaled_copy", wgsl!("scaled_copy.wgsl"));
        let program = real(out(program, y.element), x.element);
        let workgroups = [params.quads.div_ceil(LANES), y.channels, y.batch];
        g.dispatch(Dispatch::new(self.label, program, workgroups, &params).read(&x).write(&y));
        Ok(())
    }
}
