//! The engine held against reference numbers, natively. `cargo test --release -p wasm-core parity` runs exactly these, and those modules
//! of the crate itself that are called `parity`.
#![expect(unreachable_pub, reason = "the cases are modules of two programs")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod budget;
mod cases;
mod contract;
mod facts;
mod full;
mod kernels;
mod modules;
mod networks;
mod packs;
mod pipeline;
mod reference;
mod rig;
mod toy;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex};

use wasm_core::Result;
use wasm_core::gpu::{Gpu, Preference};

/// A case as a function that every thread can call.
type Case = for<'a> fn(&'a Rc<Gpu>) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;
/// How a case ended: an error is a panic, too.
type Ending = std::result::Result<(), Box<dyn Any + Send>>;
/// A case, and where its ending is waited for.
type Order = (Case, Sender<Ending>);

/// The thread that runs all cases, one after another, on one GPU: a program is compiled once, not once for each case. A GPU cannot leave its thread.
static RUNNER: LazyLock<Mutex<Sender<Order>>> = LazyLock::new(|| {
    let (cases, queue) = channel::<Order>();
    std::thread::spawn(move || {
        let mut shared = None;
        while let Ok((case, ended)) = queue.recv() {
            let ending = catch_unwind(AssertUnwindSafe(|| pollster::block_on(on_the(&mut shared, case))));
            if ending.is_err() {
                // Whatever went wrong stays with this case.
                shared = None;
            }
            // Whoever asked is waiting.
            let _ = ended.send(ending);
        }
    });
    Mutex::new(cases)
});

async fn on_the(shared: &mut Option<Rc<Gpu>>, case: Case) {
    let gpu = match shared {
        Some(gpu) => gpu.clone(),
        None => {
            let gpu = Gpu::open(Preference::Fastest).await;
            let gpu = Rc::new(gpu.expect("a Vulkan, Metal or DirectX 12 adapter (Debian: mesa-vulkan-drivers)"));
            shared.insert(gpu).clone()
        }
    };
    case(&gpu).await.expect("the case runs");
}

/// Runs one case on this machine's GPU, or on the CPU where there is none.
fn run(case: Case) {
    let (ended, ending) = channel();
    RUNNER.lock().unwrap().send((case, ended)).unwrap();
    if let Err(panic) = ending.recv().unwrap() {
        resume_unwind(panic);
    }
}

macro_rules! tests {
    ($($name:ident = $case:expr;)*) => {
        $(#[test]
        fn $name() {
            run(|gpu| Box::pin($case(gpu)));
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
