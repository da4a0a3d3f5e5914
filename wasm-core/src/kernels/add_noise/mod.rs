//! Latents under noise: what denoising starts with.

pub mod reference;

use super::quads;
use crate::gpu::{Dispatch, Element, Graph, Program, View};
use crate::{Error, Result};

/// `Y = k[0] X + k[1] noise`, everything in f32.
#[derive(Clone, Copy, Debug)]
pub struct AddNoise<'a> {
    /// What it is in the network.
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

#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
struct Params {
    quads: u32,
    x_offset: u32,
    x_row: u32,
    e_offset: u32,
    e_row: u32,
    k_offset: u32,
    y_offset: u32,
    y_row: u32,
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
            quads: y.pixels().div_ceil(4),
            x_offset: quads(x.offset),
            x_row: quads(x.plane),
            e_offset: quads(e.offset),
            e_row: quads(e.plane),
            k_offset: quads(k.offset),
            y_offset: quads(y.offset),
            y_row: quads(y.plane),
        };
        let program = Program::new("add_noise", include_str!("add_noise.wgsl"));
        let workgroups = [params.quads.div_ceil(256), y.channels, 1];
        g.dispatch(Dispatch::new(self.label, program, workgroups, &params).read(&x).read(&e).read(&k).write(&y));
        Ok(())
    }
}
