//! The kernels: one folder each, with the WGSL, the operation that records it, and its plain reference.
//!
//! A kernel knows no model. All activations are `[B, C, H, W]` as [`View`](crate::gpu::View) describes; tokens are stored as pixels.
//! Arithmetic and sums are in f32, also where numbers are stored in 16 bits. Workgroups have [`LANES`](crate::gpu::LANES) invocations and
//! at most 16 KiB of storage, and a kernel binds at most 8 storage buffers: every WebGPU adapter offers that.
//!
//! The parameters of a kernel are declared in its `mod.rs` and in its WGSL. `tests/parity/facts.rs` compares these and every other fact that is
//! stated twice, for all programs.

pub mod add_noise;
pub mod assemble;
pub mod conv2d;
pub mod ddim_step;
pub mod depthwise_conv;
pub mod finite_check;
pub mod group_norm;
pub mod lambda_content;
pub mod lambda_cross;
pub mod lambda_local;
pub mod layer_norm;
pub mod matmul;
pub mod posterior;
pub mod scaled_copy;
pub mod softmax;
mod text;
pub mod transpose;

use crate::gpu::{Element, Program};
use text::wgsl;

/// An activation function after a linear map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Activation {
    /// Nothing.
    #[default]
    None = 0,
    /// `max(x, 0)`.
    Relu = 1,
    /// `x * sigmoid(x)`.
    Silu = 2,
}

impl Activation {
    /// Applies the activation to one number.
    pub fn of(self, x: f32) -> f32 {
        match self {
            Self::None => x,
            Self::Relu => x.max(0.0),
            Self::Silu => (f64::from(x) / (1.0 + (-f64::from(x)).exp())) as f32,
        }
    }
}

/// The tile of results that one workgroup computes in matrix products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tile {
    Large,
    Small,
}

impl Tile {
    /// The tile for a product. Large tiles need fewer loads, but only a large product has enough of them to keep a large GPU busy.
    fn fitting(m: u32, n: u32, batch: u32) -> Self {
        /// Workgroups of 256 with this many registers that a large GPU holds at once.
        const ENOUGH: u32 = 192;
        let large = m.div_ceil(128) * n.div_ceil(128) * batch;
        // Most of a large tile would be wasted on a matrix that is hardly taller than a small one.
        let wasted = m.next_multiple_of(128) - m.next_multiple_of(64);
        if large >= ENOUGH && wasted * 4 < m { Self::Large } else { Self::Small }
    }

    fn side(self) -> u32 {
        match self {
            Self::Large => 128,
            Self::Small => 64,
        }
    }

    fn choose(self, program: Program) -> Program {
        match self {
            Self::Large => program.with("128", wgsl!("prelude/tile_128.wgsl")),
            Self::Small => program.with("64", wgsl!("prelude/tile_64.wgsl")),
        }
    }
}

/// Pixels of a workgroup of the kernels that reduce over channels (`prelude/reduce_columns.wgsl`).
const COLUMNS: u32 = 16;

/// The program of the kernel `name`, whose own file is `text`, with the prelude that every kernel has.
fn kernel(name: &'static str, text: &'static str) -> Program {
    Program::new(name, text).with("", wgsl!("prelude/common.wgsl"))
}

/// The program for activations stored as `element`.
fn real(program: Program, element: Element) -> Program {
    match element {
        Element::F32 => program.with("f32", wgsl!("prelude/real_f32.wgsl")),
        Element::F16 => program.with("f16", wgsl!("prelude/real_f16.wgsl")),
    }
}

/// The program for results stored as `element`.
fn out(program: Program, element: Element) -> Program {
    match element {
        Element::F32 => program.with("->f32", wgsl!("prelude/out_f32.wgsl")),
        Element::F16 => program.with("->f16", wgsl!("prelude/out_f16.wgsl")),
    }
}
