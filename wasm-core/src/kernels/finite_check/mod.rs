//! Counts the numbers of a result that are not finite, which shows an overflow in 16 bits.

pub mod reference;

use super::{kernel, real, wgsl};
use crate::gpu::{Dispatch, Element, Graph, Strides, View, params};
use crate::{Error, Result};

/// `Y[0]` = how many elements of X are not finite.
#[derive(Clone, Copy, Debug)]
pub struct FiniteCheck<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// X: `[B, C, H, W]`.
    pub x: View,
    /// Y: `[1, 1, 1, 4]` in f32.
    pub y: View,
}

params! {
    struct Params {
        x: Strides,
        y: Strides,
        batch: u32,
        channels: u32,
        pixels: u32,
    }
}

impl FiniteCheck<'_> {
    /// Appends the check to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if Y is not `[1, 1, 1, 4]` in f32.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (x, y) = (self.x, self.y);
        if y.shape() != [1, 1, 1, 4] || y.element != Element::F32 {
            return Err(Error::Shape(format!("{}: a count in {:?}", self.label, y.shape())));
        }
        let params =
            Params { x: Strides::of(&x), y: Strides::of(&y), batch: x.batch, channels: x.channels, pixels: x.pixels() };
        let program = kernel("finite_check", wgsl!("finite_check.wgsl"));
        let program = real(program.with("", wgsl!("../prelude/reduce.wgsl")), x.element);
        g.dispatch(Dispatch::new(self.label, program, [1, 1, 1], &params).read(&x).write(&y));
        Ok(())
    }
}
