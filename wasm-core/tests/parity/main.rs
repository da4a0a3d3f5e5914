//! The engine held against reference numbers. Every test's name begins with `parity`.
#![expect(unreachable_pub, reason = "the cases are modules of two programs")]

mod kernels;
mod rig;

use wasm_core::gpu::{Gpu, Preference};
use wasm_core::Result;

/// Runs one case on this machine's GPU, or on the CPU where there is none.
fn run(case: impl AsyncFnOnce(&Gpu) -> Result<()>) {
    pollster::block_on(async {
        let gpu = Gpu::open(Preference::Fastest).await.expect("a Vulkan, Metal or DirectX 12 adapter (Debian: mesa-vulkan-drivers)");
        case(&gpu).await.expect("the case runs");
    });
}

/// One test for each line.
macro_rules! cases {
    ($($name:ident = $case:expr;)*) => {
        $(#[test]
        fn $name() {
            run(async |gpu| $case(gpu).await);
        })*
    };
}

cases! {
    parity_matmul = kernels::matmul::matches_its_reference;
}
