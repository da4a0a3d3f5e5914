//! Transposition: channels become pixels and pixels channels.

pub mod reference;

use super::{out, real};
use crate::gpu::{Dispatch, Graph, Program, View};
use crate::{Error, Result};

/// `Y[b, n, c] = X[b, c, n]`.
#[derive(Clone, Copy, Debug)]
pub struct Transpose<'a> {
    /// What it is in the network.
    pub label: &'a str,
    /// X: `[B, C, 1, N]`.
    pub x: View,
    /// Y: `[B, N, 1, C]`.
    pub y: View,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
struct Params {
    rows: u32,
    columns: u32,
    x_offset: u32,
    x_row: u32,
    x_batch: u32,
    y_offset: u32,
    y_row: u32,
    y_batch: u32,
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
        let params = Params {
            rows: x.channels,
            columns: x.pixels(),
            x_offset: x.offset,
            x_row: x.plane,
            x_batch: x.batch_stride,
            y_offset: y.offset,
            y_row: y.plane,
            y_batch: y.batch_stride,
        };
        let program = Program::new("transpose", include_str!("transpose.wgsl"));
        let program = real(out(program, y.element), x.element);
        let workgroups = [params.columns.div_ceil(32), params.rows.div_ceil(32), x.batch];
        g.dispatch(Dispatch::new(self.label, program, workgroups, &params).read(&x).write(&y));
        Ok(())
    }
}
