//! Transposition: channels become pixels and pixels channels.

pub mod reference;

use super::{kernel, out, real, wgsl};
use crate::gpu::{Dispatch, Graph, Strides, View, params};
use crate::{Error, Result};

/// Side of the tile that a workgroup transposes.
const SIDE: u32 = 32;

/// `Y[b, n, c] = X[b, c, n]`.
#[derive(Clone, Copy, Debug)]
pub struct Transpose<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// X: `[B, C, 1, N]`.
    pub x: View,
    /// Y: `[B, N, 1, C]`.
    pub y: View,
}

params! {
    struct Params {
        x: Strides,
        y: Strides,
        rows: u32,
        columns: u32,
    }
}

impl Transpose<'_> {
    /// Appends the transposition to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes are not each other's transposes.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (x, y) = (self.x, self.y);
        if (y.batch, y.channels, y.pixels()) != (x.batch, x.pixels(), x.channels) {
            return Err(Error::Shape(format!("{}: transpose of {:?} to {:?}", self.label, x.shape(), y.shape())));
        }
        let params = Params { x: Strides::of(&x), y: Strides::of(&y), rows: x.channels, columns: x.pixels() };
        let program = kernel("transpose", wgsl!("transpose.wgsl"));
        let program = real(out(program, y.element), x.element);
        let workgroups = [params.columns.div_ceil(SIDE), params.rows.div_ceil(SIDE), x.batch];
        g.dispatch(Dispatch::new(self.label, program, workgroups, &params).assumes("SIDE", SIDE).read(&x).write(&y));
        Ok(())
    }
}
