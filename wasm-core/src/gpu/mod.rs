//! The GPU without any model: device, buffers, and the executor.
//!
//! A network is first recorded as a [`Graph`]: tensors, constants and dispatches, with no device involved, so that it
//! can be printed, counted and laid out anywhere. An [`Arena`] gives the graphs that never run together one set of
//! buffers by the lifetimes of their tensors, [`Constants`] holds what weights became, and a [`Plan`] has every pipeline and
//! bind group made ahead: running it allocates nothing.

mod arena;
mod constants;
mod device;
mod graph;
mod memory;
mod params;
mod plan;
mod program;
mod strides;
mod submissions;
mod transfer;

pub use arena::{Arena, Layout};
pub use constants::Constants;
pub use device::{Gpu, Preference};
#[cfg(not(target_arch = "wasm32"))]
pub use graph::Access;
pub use graph::{Constant, ConstantId, Dispatch, Element, Graph, Lifetime, Node, Recipe, TensorId, View, When};
pub use memory::{Buffer, Usage};
#[cfg(not(target_arch = "wasm32"))]
pub use params::Field;
pub use params::Params;
pub(crate) use params::params;
pub use plan::{Plan, Timing};
pub use program::{LANES, Program};
pub use strides::Strides;
