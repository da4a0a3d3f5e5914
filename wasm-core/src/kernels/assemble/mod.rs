//! The input of the U-Net: latents, mask and masked latents as channels of one map.

pub mod reference;

use super::{kernel, out, wgsl};
use crate::gpu::{Dispatch, Element, Graph, LANES, Strides, View, params};
use crate::{Error, Result};

/// `Y = [latents, mask, masked]` along the channels.
#[derive(Clone, Copy, Debug)]
pub struct Assemble<'a> {
    /// Its task in the network, which becomes part of the dispatch's label.
    pub label: &'a str,
    /// `[1, 4, H, W]` in f32.
    pub latents: View,
    /// `[1, 1, H, W]` in f32.
    pub mask: View,
    /// `[1, 4, H, W]` in f32.
    pub masked: View,
    /// `[1, 9, H, W]`.
    pub y: View,
}

params! {
    struct Params {
        a: Strides,
        m: Strides,
        z: Strides,
        y: Strides,
        quads: u32,
        a_count: u32,
        m_count: u32,
    }
}

impl Assemble<'_> {
    /// Appends the assembly to the graph.
    ///
    /// # Errors
    /// [`Error::Shape`] if the operands do not fit together.
    pub fn record(&self, g: &mut Graph) -> Result<()> {
        let (a, m, z, y) = (self.latents, self.mask, self.masked, self.y);
        let fits = |v: &View| v.batch == 1 && v.element == Element::F32 && (v.height, v.width) == (y.height, y.width);
        if ![a, m, z].iter().all(fits) || y.batch != 1 || y.channels != a.channels + m.channels + z.channels {
            return Err(Error::Shape(format!("{}: assembly of {:?} from {:?}", self.label, y.shape(), a.shape())));
        }
        let params = Params {
            a: Strides::of(&a),
            m: Strides::of(&m),
            z: Strides::of(&z),
            y: Strides::of(&y),
            quads: y.pixels().div_ceil(4),
            a_count: a.channels,
            m_count: m.channels,
        };
        let program = out(kernel("assemble", wgsl!("assemble.wgsl")), y.element);
        let workgroups = [params.quads.div_ceil(LANES), y.channels, 1];
        g.dispatch(Dispatch::new(self.label, program, workgroups, &params).read(&a).read(&m).read(&z).write(&y));
        Ok(())
    }
}
