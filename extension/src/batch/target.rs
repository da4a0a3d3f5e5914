//! Where results go: into a ZIP file, or into a folder that the user has chosen.

use super::archive::Archive;
use super::names::Names;
use crate::browser::temporary_file::TemporaryFile;
use crate::browser::user_folder::UserFolder;
use crate::browser::{bytes, refused};
use crate::protocol::Failure;
use crate::protocol::engine::FileFormat;
use std::io;
use web_sys::{Blob, BlobPropertyBag};

/// Type of the file.
const ZIP: &str = "application/zip";

/// What a ZIP file is written to.
enum Pieces {
    /// The disk.
    File(TemporaryFile),
    /// The browser's memory: nothing is written where nothing is to be kept, or where there are no private files.
    Memory(Vec<Blob>),
}

impl Pieces {
    async fn new(private: bool) -> Self {
        if private {
            return Self::Memory(vec![]);
        }
        TemporaryFile::new().await.map_or(Self::Memory(vec![]), Self::File)
    }

    async fn write(&mut self, piece: &[u8]) -> Result<(), Failure> {
        let piece = bytes::blob(piece, ZIP)?;
        match self {
            Self::File(file) => file.write(&piece).await,
            Self::Memory(pieces) => {
                pieces.push(piece);
                Ok(())
            }
        }
    }

    async fn finish(self) -> Result<Blob, Failure> {
        match self {
            Self::File(file) => file.finish().await,
            Self::Memory(pieces) => {
                let (parts, options) = (js_sys::Array::new(), BlobPropertyBag::new());
                options.set_type(ZIP);
                pieces.iter().for_each(|piece| _ = parts.push(piece));
                Blob::new_with_blob_sequence_and_options(&parts, &options).map_err(refused)
            }
        }
    }
}

/// The time as ZIP files have it: that of the user's place.
fn now() -> (u16, [u8; 5]) {
    let now = js_sys::Date::new_0();
    let rest = [now.get_month() + 1, now.get_date(), now.get_hours(), now.get_minutes(), now.get_seconds()];
    (now.get_full_year() as u16, rest.map(|part| part as u8))
}

enum Place {
    Zip { archive: Box<Archive>, pieces: Pieces },
    Folder(UserFolder),
}

/// See the module.
pub(super) struct Target {
    names: Names,
    place: Place,
}

impl Target {
    /// A ZIP file. Nothing of it is written to the disk where it is `private`.
    pub(super) async fn zip(private: bool) -> Self {
        let pieces = Pieces::new(private).await;
        Self { names: Names::default(), place: Place::Zip { archive: Box::default(), pieces } }
    }

    /// A folder. What is in it already stays.
    pub(super) fn folder(folder: UserFolder) -> Self {
        Self { names: Names::default(), place: Place::Folder(folder) }
    }

    /// Keeps the result of the file at `path`; gives the name that it got.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for it, or the browser refuses.
    pub(super) async fn keep(&mut self, path: &str, format: FileFormat, file: &Blob) -> Result<String, Failure> {
        match &mut self.place {
            Place::Zip { archive, pieces } => {
                let data = bytes::read(file).await?;
                let name = self.names.of(path, format).join("/");
                let piece = archive
                    .add(&name, &data, now())
                    .map_err(|e: io::Error| Failure::Internal { detail: e.to_string() })?;
                pieces.write(&piece).await?;
                Ok(name)
            }
            Place::Folder(folder) => loop {
                let name = self.names.of(path, format);
                if folder.write_new(&name, file).await? {
                    return Ok(name.join("/"));
                }
            },
        }
    }

    /// The ZIP file, whole; none where results went into a folder.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for it, or the browser refuses.
    pub(super) async fn finish(self) -> Result<Option<Blob>, Failure> {
        let Place::Zip { archive, mut pieces } = self.place else { return Ok(None) };
        let end = archive.finish().map_err(|e| Failure::Internal { detail: e.to_string() })?;
        pieces.write(&end).await?;
        pieces.finish().await.map(Some)
    }
}
