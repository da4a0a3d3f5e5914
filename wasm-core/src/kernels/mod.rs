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
mod columns;
pub mod conv2d;
pub mod depthwise_conv;
pub mod finite_check;
pub mod group_norm;
pub mod lambda_content;
pub mod lambda_cross;
pub mod lambda_local;
pub mod layer_norm;
pub mod matmul;
pub mod posterior;
pub mod sampler_step;
pub mod scaled_copy;
pub mod softmax;
mod text;
mod tile;
pub mod transpose;
pub mod winograd;

use crate::gpu::{Element, Program};
pub use columns::Columns;
use text::wgsl;
pub use tile::Tile;

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

/// What a linear map's sum and its bias are multiplied by: results that are stored smaller than they are stay within the range of 16 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factors {
    /// The sum's.
    pub sum: f32,
    /// The bias's.
    pub bias: f32,
}

impl Factors {
    /// None.
    pub const ONE: Self = Self { sum: 1.0, bias: 1.0 };
}

impl Default for Factors {
    fn default() -> Self {
        Self::ONE
    }
}

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
