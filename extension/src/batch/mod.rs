//! The same in many files: what was painted in one picture is erased in others, at the same place or wherever the mark is found.
//!
//! Pure and tested natively: [`names`] (of results), [`tally`] (what became of each file), [`archive`] (results in one ZIP file). The rest binds them to
//! the dialog `#batch-sheet`: `task` is what is done with which files, `choice` what the user has set of it, `lane` an engine of its own that edits one file after the other, `target` where results go,
//! `proofs` shows the first results before anything is kept, `run` keeps all lanes busy, `list` tells of each file, and `sheet` puts these together.

pub mod archive;
pub mod names;
pub mod tally;

#[cfg(target_arch = "wasm32")]
mod choice;
#[cfg(target_arch = "wasm32")]
mod lane;
#[cfg(target_arch = "wasm32")]
mod list;
#[cfg(target_arch = "wasm32")]
mod proofs;
#[cfg(target_arch = "wasm32")]
mod run;
#[cfg(target_arch = "wasm32")]
mod sheet;
#[cfg(target_arch = "wasm32")]
mod target;
#[cfg(target_arch = "wasm32")]
mod task;

#[cfg(target_arch = "wasm32")]
pub use sheet::Sheet;
#[cfg(target_arch = "wasm32")]
pub use task::Painted;
