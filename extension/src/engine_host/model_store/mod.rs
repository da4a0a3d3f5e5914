//! The models on this machine: downloaded, verified, prepared, kept, removed.
//!
//! For each file there are, in one private folder, `ID.json` (its [`Record`](crate::model_catalogue::record::Record)), `ID.part` (its
//! published form, as far as it has come) and `ID.pack` (what the GPU wants). A record is written before what it speaks of changes, so
//! that the browser may be closed at any moment: a pack without a record that says `installed` is none.
//!
//! From the bottom up, each using only those before it: [`records`] and [`settings`] are what is on the disk, [`jobs`] what is under
//! way, [`hash_file`] reads files through, [`packs`] opens and compares packs, [`download`] brings files here, [`prepare`] makes packs of
//! them, [`cache`] keeps a model on the GPU, [`install`] puts these together, [`listing`] tells what there is, [`gpu`] measures, [`calls`]
//! answers the pages.

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
mod settings;

pub use cache::ModelCache;
pub(super) use cache::{KeepAlive, Request};
pub use calls::ModelStore;
