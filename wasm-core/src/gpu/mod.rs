//! Recording, planning and running compute work. Nothing here knows a model.
//!
//! A network is first recorded as a [`Graph`] of tensors, constants and dispatches. That needs no device, so that a graph can
//! be printed, measured and laid out anywhere. An [`Arena`] assigns buffers to the tensors of graphs that never run at the same
//! time, by the tensors' lifetimes. [`Constants`] holds the converted weights. A [`Plan`] has every pipeline and bind group
//! ready, so that running it allocates nothing.

mod arena;
mod constants;
mod device;
mod estimate;
mod graph;
mod memory;
mod params;
mod plan;
mod probe;
mod program;
mod strides;
mod submissions;
mod transfer;

pub use arena::{Arena, Layout};
pub use constants::Constants;
pub use device::{Copying, Gpu, Preference};
pub use estimate::Device;
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
