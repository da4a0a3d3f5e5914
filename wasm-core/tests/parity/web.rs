//! The same cases in a browser's WebGPU: a page gives this module the fixtures and asks for one case after the other.
#![cfg_attr(target_arch = "wasm32", expect(unreachable_pub, reason = "the cases are modules of two programs"))]

#[cfg(target_arch = "wasm32")]
mod cases;
#[cfg(target_arch = "wasm32")]
mod contract;
#[cfg(target_arch = "wasm32")]
mod kernels;
#[cfg(target_arch = "wasm32")]
mod modules;
#[cfg(target_arch = "wasm32")]
mod networks;
#[cfg(target_arch = "wasm32")]
mod packs;
#[cfg(target_arch = "wasm32")]
mod pipeline;
#[cfg(target_arch = "wasm32")]
mod reference;
#[cfg(target_arch = "wasm32")]
mod rig;
#[cfg(target_arch = "wasm32")]
mod toy;

#[cfg(target_arch = "wasm32")]
mod page {
    use super::{contract, kernels, networks, packs, pipeline, rig};
    use std::cell::RefCell;
    use std::rc::Rc;
    use wasm_bindgen::prelude::wasm_bindgen;
    use wasm_core::gpu::{Gpu, Preference};

    thread_local! {
        static SHARED: RefCell<Option<Rc<Gpu>>> = RefCell::default();
    }

    /// One GPU for all cases: a CPU playing one takes minutes to compile all programs.
    async fn gpu() -> wasm_core::Result<Rc<Gpu>> {
        if let Some(gpu) = SHARED.with_borrow(Clone::clone) {
            return Ok(gpu);
        }
        let gpu = Rc::new(Gpu::open(Preference::Fastest).await?);
        SHARED.set(Some(Rc::clone(&gpu)));
        Ok(gpu)
    }

    /// Fills in a file that a case will ask for.
    #[wasm_bindgen]
    pub fn provide(name: String, bytes: Vec<u8>) {
        rig::provide(name, bytes);
    }

    macro_rules! dispatcher {
        ($($name:ident = $case:expr;)*) => {
            /// The names of all cases.
            #[wasm_bindgen]
            pub fn cases() -> Vec<String> {
                vec![$(stringify!($name).to_owned()),*]
            }

            /// Runs a case; what it printed.
            #[wasm_bindgen]
            pub async fn run(name: String) -> Result<String, String> {
                console_error_panic_hook::set_once();
                let gpu = gpu().await.map_err(|e| e.to_string())?;
                let result = match name.as_str() {
                    $(stringify!($name) => $case(&gpu).await,)*
                    _ => return Err(format!("there is no case {name}")),
                };
                result.map_err(|e| e.to_string())?;
                Ok(rig::lines())
            }
        };
    }

    crate::with_all_cases!(dispatcher);

    macro_rules! names {
        ($($name:ident: $($folder:ident)*;)*) => {
            /// The names of the cases that stand for all of them where time is short. They have fewer seeds from now on.
            #[wasm_bindgen]
            pub fn representatives() -> Vec<String> {
                rig::content_with_few();
                vec![$(stringify!($name).to_owned()),*]
            }
        };
    }

    crate::with_representatives!(names);
}

fn main() {}
