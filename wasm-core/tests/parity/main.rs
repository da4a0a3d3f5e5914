//! The engine held against reference numbers, natively. `cargo test --release -p wasm-core parity` runs exactly these, and those modules
//! of the crate itself that are called `parity`.
#![expect(unreachable_pub, reason = "the cases are modules of two programs")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cases;
mod contract;
mod full;
mod kernels;
mod modules;
mod networks;
mod packs;
mod pipeline;
mod reference;
mod rig;
mod toy;

use std::rc::Rc;

use wasm_core::Result;
use wasm_core::gpu::{Gpu, Preference};

/// Runs one case on this machine's GPU, or on the CPU where there is none.
fn run(case: impl AsyncFnOnce(&Rc<Gpu>) -> Result<()>) {
    pollster::block_on(async {
        let gpu = Gpu::open(Preference::Fastest).await;
        let gpu = gpu.expect("a Vulkan, Metal or DirectX 12 adapter (Debian: mesa-vulkan-drivers)");
        case(&Rc::new(gpu)).await.expect("the case runs");
    });
}

macro_rules! tests {
    ($($name:ident = $case:expr;)*) => {
        $(#[test]
        fn $name() {
            run(async |gpu| $case(gpu).await);
        })*
    };
}

with_all_cases!(tests);

tests! {
    parity_limits_that_are_missing_are_named = pipeline::says_which_limit_is_missing;
    parity_inpainting_changes_only_the_hole = pipeline::inpaints_only_the_hole;
    parity_full_unet = full::unet;
    parity_full_vae = full::vae;
}
