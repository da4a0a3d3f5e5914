//! A copy, times a factor, into another place, layout or element type.

pub mod reference;

use super::{out, quads, real};
use crate::gpu::{Dispatch, Graph, Program, View};
use crate::{Error, Result};

/// `Y = factor * X`.
#[derive(Clone, Copy, Debug)]
pub struct ScaledCopy<'a> {
    /// What it is in the network.
    pub label: &'a str,
    /// The factor.
    pub factor: f32,
    /// X: `[B, C, H, W]`.
    pub x: View,
    /// Y: `[B, C, H, W]`.
    pub y: View,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
struct Params {
    quads: u32,
    x_offset: u32,
    x_row: u32,
    x_batch: u32,
    y_offset: u32,
    y_row: u32,
    y_batch: u32,
    factor: f32,
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
        let params = Params {
            quads: y.pixels().div_ceil(4),
            x_offset: quads(x.offset),
            x_row: quads(x.plane),
            x_batch: quads(x.batch_stride),
            y_offset: quads(y.offset),
            y_row: quads(y.plane),
            y_batch: quads(y.batch_stride),
            factor: self.factor,
        };
        let program = Program::new("scaled_copy", include_str!("scaled_copy.wgsl"));
        let program = real(out(program, y.element), x.element);
        let workgroups = [params.quads.div_ceil(256), y.channels, y.batch];
        g.dispatch(Dispatch::new(self.label, program, workgroups, &params).read(&x).write(&y));
        Ok(())
    }
}
