//! The models on this machine: downloaded, verified, prepared, kept, removed.
//!
//! Each file has in one private folder `ID.json` (its [`Record`](crate::model_catalogue::record::Record)), `ID.part` (its published form,
//! as far as it has been downloaded) and `ID.pack` (its weights as the GPU takes them). A record is written before the files that it
//! describes change, and is replaced in one step, so that the browser may be closed at any moment. A pack counts only if its record says
//! `installed`; a pack without a readable record is kept, and gets a new one.
//!
//! From the bottom up, each using only those before it: [`records`] and [`settings`] are on the disk, [`jobs`] are running, [`hash_file`]
//! hashes files, [`packs`] opens and verifies packs, [`download`] downloads files, [`prepare`] makes packs of them, [`recover`] makes records of packs, [`cache`] keeps a model
//! on the GPU, [`install`] combines these, [`listing`] lists the models, [`gpu`] measures, [`calls`] answers the pages.

mod cache;
mod calls;
mod download;
mod gpu;
mod hash_file;
mod install;
mod jobs;
mod listing;
mod packs;
mod prepare;
mod records;
mod recover;
mod settings;

pub use cache::ModelCache;
pub(super) use cache::{KeepAlive, Request};
pub use calls::ModelStore;
