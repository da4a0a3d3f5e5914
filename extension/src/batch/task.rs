//! What is done with which files.

use crate::masks::laying::Places;
use crate::protocol::engine::{EngineChoice, Learnt};
use web_sys::Blob;

/// The picture that may have been painted in last.
#[derive(Clone)]
pub struct Painted {
    /// Its file.
    pub file: Blob,
    /// Its name, as people read it.
    pub name: String,
}

/// A mark as an engine has learnt it.
#[derive(Clone)]
pub(super) struct Mark {
    pub learnt: Learnt,
    pub blobs: [Blob; 2],
}

/// What is done with each file.
#[derive(Clone)]
pub(super) struct Task {
    pub places: Places,
    /// What is sought; none where the place is the same in all files.
    pub mark: Option<Mark>,
    pub engine: EngineChoice,
}

/// A file that the user has chosen.
#[derive(Clone)]
pub(super) struct Chosen {
    pub file: Blob,
    /// Its name after those of the folders that it was chosen with.
    pub path: String,
}
