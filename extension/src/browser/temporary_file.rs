//! Private files that are needed no longer than the page that writes them.

use super::files::{Folder, Stream};
use super::{locks, random_uuid};
use crate::protocol::Failure;
use web_sys::Blob;

/// Their folder.
const FOLDER: &str = "temporary";
/// What the name of a file's lock begins with. It is held as long as the page lives.
const LOCK: &str = "temporary:";

/// One that is being written.
pub struct TemporaryFile {
    name: String,
    stream: Stream,
}

impl TemporaryFile {
    /// An empty one.
    ///
    /// # Errors
    /// When the browser refuses, as in some private windows.
    pub async fn new() -> Result<Self, Failure> {
        let name = random_uuid();
        locks::take(&format!("{LOCK}{name}")).await?;
        let stream = Folder::open(FOLDER).await?.stream(&name).await?;
        Ok(Self { name, stream })
    }

    /// Adds a piece.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for it.
    pub async fn write(&self, piece: &Blob) -> Result<(), Failure> {
        self.stream.write(piece).await
    }

    /// The file, whole.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for it after all.
    pub async fn finish(self) -> Result<Blob, Failure> {
        self.stream.close().await?;
        Folder::open(FOLDER).await?.blob(&self.name).await
    }
}

/// Removes what pages that are gone have left.
///
/// # Errors
/// When the browser refuses.
pub async fn clear_left() -> Result<(), Failure> {
    let folder = Folder::open(FOLDER).await?;
    let held = locks::held().await?;
    for name in folder.names().await? {
        if !held.contains(&format!("{LOCK}{name}")) {
            folder.remove(&name).await?;
        }
    }
    Ok(())
}
