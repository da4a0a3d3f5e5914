//! The extension's private files, in the origin private file system.
//!
//! A worker reads and writes them at any offset, without copying whole files. Only workers may do so; pages write whole files.

use super::{bytes, field, object, refused, words};
use crate::protocol::Failure;
use futures::lock::Mutex;
use gloo_timers::future::TimeoutFuture;
use js_sys::{AsyncIterator, Promise, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemRemoveOptions, FileSystemSyncAccessHandle, StorageManager, WorkerGlobalScope,
};

#[wasm_bindgen]
extern "C" {
    /// A file that can be renamed, for which `web-sys` has no words yet.
    type Movable;

    #[wasm_bindgen(method, catch, js_name = move)]
    fn move_to(this: &Movable, folder: &FileSystemDirectoryHandle, name: &str) -> Result<Promise, JsValue>;

    /// A file that is written in pages, too, and the stream into it.
    type Writable;
    type Writer;

    #[wasm_bindgen(method, catch, js_name = createWritable)]
    fn create_writable(this: &Writable) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn write(this: &Writer, blob: &Blob) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn close(this: &Writer) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn abort(this: &Writer) -> Result<Promise, JsValue>;
}

/// The folder in which a file is written that is to replace another.
const ASIDE: &str = "aside";
/// How often removing a file is tried that a worker has open, and the pause after each try, milliseconds.
const CLOSING: u32 = 30;
const CLOSING_PAUSE: u32 = 100;
/// How often a file is read that another part of this worker is just replacing.
const READS: u32 = 5;

thread_local! {
    /// Held while a file is written aside: the browser opens a file for one writer only, and two files may have the same name.
    static ASIDE_IN_USE: Rc<Mutex<()>> = Rc::default();
}

/// Windows have a navigator as workers do.
fn storage() -> StorageManager {
    js_sys::global().unchecked_into::<WorkerGlobalScope>().navigator().storage()
}

/// Bytes used, bytes allowed, and whether the browser promised never to clear them by itself.
///
/// # Errors
/// When the browser does not say.
pub async fn room() -> Result<(f64, f64, bool), Failure> {
    let estimate = JsFuture::from(storage().estimate().map_err(refused)?).await.map_err(refused)?;
    let persisted = JsFuture::from(storage().persisted().map_err(refused)?).await.map_err(refused)?;
    let number = |key: &str| field(&estimate, key).as_f64().unwrap_or(0.0);
    Ok((number("usage"), number("quota"), persisted.is_truthy()))
}

async fn root() -> Result<FileSystemDirectoryHandle, Failure> {
    Ok(JsFuture::from(storage().get_directory()).await.map_err(refused)?.unchecked_into())
}

/// Removes all private files and folders. A file that a worker has open is waited for, because a worker that ended lets go of it a little later.
///
/// # Errors
/// When one stays open, or the browser refuses.
pub async fn clear() -> Result<(), Failure> {
    let root = root().await?;
    let options = FileSystemRemoveOptions::new();
    options.set_recursive(true);
    for name in Folder(root.clone()).names().await? {
        for tries_left in (0..CLOSING).rev() {
            match JsFuture::from(root.remove_entry_with_options(&name, &options)).await {
                Err(error) if is_missing(&error) => break,
                Err(error) if tries_left == 0 => return Err(refused(error)),
                Err(_) => TimeoutFuture::new(CLOSING_PAUSE).await,
                Ok(_) => break,
            }
        }
    }
    Ok(())
}

/// A folder of private files.
pub struct Folder(FileSystemDirectoryHandle);

impl Folder {
    /// Opens the folder `name` at the root of the private files. Makes it where there is none.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn open(name: &str) -> Result<Self, Failure> {
        let root = root().await?;
        let options = FileSystemGetDirectoryOptions::new();
        options.set_create(true);
        let opening = root.get_directory_handle_with_options(name, &options);
        Ok(Self(JsFuture::from(opening).await.map_err(refused)?.unchecked_into()))
    }

    async fn handle(&self, name: &str, create: bool) -> Result<FileSystemFileHandle, JsValue> {
        let options = FileSystemGetFileOptions::new();
        options.set_create(create);
        Ok(JsFuture::from(self.0.get_file_handle_with_options(name, &options)).await?.unchecked_into())
    }

    /// Opens a file for this worker alone. Makes it where there is none. Waits for one that has just been closed: the browser learns of that a moment
    /// later.
    ///
    /// # Errors
    /// When the file is open already, or the browser refuses.
    pub async fn file(&self, name: &str) -> Result<PrivateFile, Failure> {
        let handle = self.handle(name, true).await.map_err(refused)?;
        let mut tries_left = CLOSING;
        loop {
            tries_left -= 1;
            match JsFuture::from(handle.create_sync_access_handle()).await {
                Ok(opened) => return Ok(PrivateFile(opened.unchecked_into())),
                Err(error) if tries_left == 0 || !is_open_elsewhere(&error) => return Err(refused(error)),
                Err(_) => TimeoutFuture::new(CLOSING_PAUSE).await,
            }
        }
    }

    /// A file as a blob. The blob can be read until the file changes.
    ///
    /// # Errors
    /// When there is none.
    pub async fn blob(&self, name: &str) -> Result<Blob, Failure> {
        let handle = self.handle(name, false).await.map_err(refused)?;
        Ok(JsFuture::from(handle.get_file()).await.map_err(refused)?.unchecked_into())
    }

    /// All bytes of a small file; none where there is no such file.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let mut reads = 0;
        loop {
            match self.handle(name, false).await {
                Err(error) if is_missing(&error) => return Ok(None),
                Err(error) => return Err(refused(error)),
                Ok(_) => {}
            }
            let read = async { bytes::read(&self.blob(name).await?).await }.await;
            reads += 1;
            // A blob cannot be read any more once its file has been replaced. The next one can.
            if read.is_ok() || reads == READS {
                return read.map(Some);
            }
        }
    }

    /// Replaces a small file in one step: whenever the browser ends, the file has either all of its old bytes or all of its new ones.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for both, or the browser refuses. The file is as it was.
    pub async fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let turn = ASIDE_IN_USE.with(Rc::clone);
        let _turn = turn.lock().await;
        let aside = Self::open(ASIDE).await?;
        {
            let file = aside.file(name).await?;
            file.truncate(0)?;
            file.write(0, bytes)?;
            // Otherwise the name could reach the disk before the bytes do.
            file.flush()?;
        }
        let written = aside.handle(name, false).await.map_err(refused)?;
        let moving = written.unchecked_ref::<Movable>().move_to(&self.0, name).map_err(refused)?;
        JsFuture::from(moving).await.map_err(refused).map(drop)
    }

    /// Writes a whole file, in place of what it held. It has its new bytes all at once, or keeps the old ones.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for both, or the browser refuses.
    pub async fn write(&self, name: &str, blob: &Blob) -> Result<(), Failure> {
        let handle = self.handle(name, true).await.map_err(refused)?;
        let opening = handle.unchecked_ref::<Writable>().create_writable().map_err(refused)?;
        let writer: Writer = JsFuture::from(opening).await.map_err(refused)?.unchecked_into();
        let room = |error| full(&error, blob.size() as usize);
        let written = async {
            JsFuture::from(writer.write(blob)?).await?;
            JsFuture::from(writer.close()?).await
        };
        match written.await {
            Ok(_) => Ok(()),
            Err(error) => {
                // It may have ended by itself.
                if let Ok(ending) = writer.abort() {
                    let _ = JsFuture::from(ending).await;
                }
                Err(room(error))
            }
        }
    }

    /// Opens a file to be written from its beginning, in place of what it held.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn stream(&self, name: &str) -> Result<Stream, Failure> {
        Stream::into(&self.handle(name, true).await.map_err(refused)?).await
    }

    /// Length of a file in bytes; 0 where there is none.
    pub async fn size(&self, name: &str) -> u64 {
        self.blob(name).await.map_or(0, |blob| blob.size() as u64)
    }

    /// Removes a file, if there is one.
    ///
    /// # Errors
    /// When it is open.
    pub async fn remove(&self, name: &str) -> Result<(), Failure> {
        match JsFuture::from(self.0.remove_entry(name)).await {
            Err(error) if !is_missing(&error) => Err(refused(error)),
            _ => Ok(()),
        }
    }

    /// The names of all files.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn names(&self) -> Result<Vec<String>, Failure> {
        let keys: AsyncIterator = self.0.keys();
        let mut names = vec![];
        loop {
            let next = JsFuture::from(keys.next().map_err(refused)?).await.map_err(refused)?;
            if field(&next, "done").is_truthy() {
                return Ok(names);
            }
            names.extend(field(&next, "value").as_string());
        }
    }
}

/// A file that is written piece by piece. It has its new bytes once it is closed.
pub struct Stream(Writer);

impl Stream {
    /// Writes into a file from its beginning.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn into(file: &FileSystemFileHandle) -> Result<Self, Failure> {
        let opening = file.unchecked_ref::<Writable>().create_writable().map_err(refused)?;
        Ok(Self(JsFuture::from(opening).await.map_err(refused)?.unchecked_into()))
    }

    /// Adds a piece. What was given to be written is written, in order, also if nobody waits for it.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for it.
    pub async fn write(&self, piece: &Blob) -> Result<(), Failure> {
        let room = |error: JsValue| full(&error, piece.size() as usize);
        JsFuture::from(self.0.write(piece).map_err(room)?).await.map(drop).map_err(room)
    }

    /// Ends it.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for it after all.
    pub async fn close(self) -> Result<(), Failure> {
        let room = |error: JsValue| full(&error, 0);
        JsFuture::from(self.0.close().map_err(room)?).await.map(drop).map_err(room)
    }
}

/// An open file. It is closed when dropped.
pub struct PrivateFile(FileSystemSyncAccessHandle);

impl PrivateFile {
    /// Length in bytes.
    pub fn length(&self) -> u64 {
        // `getSize` fails only on a closed handle, and this one is open until it is dropped.
        self.0.get_size().map_or(0, |size| size as u64)
    }

    /// Reads up to `into.len()` bytes from byte `offset` on, and returns how many were read.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read(&self, offset: u64, into: &mut [u8]) -> Result<usize, Failure> {
        let read = self.0.read_with_u8_array_and_options(into, &at(offset)).map_err(refused)?;
        Ok(read as usize)
    }

    /// Writes all of `bytes` at byte `offset`.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for them.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.0.write_with_u8_array_and_options(bytes, &at(offset)).map_err(|e| full(&e, bytes.len()))?;
        if written as usize == bytes.len() {
            Ok(())
        } else {
            Err(Failure::StorageFull { missing: (bytes.len() - written as usize) as u64 })
        }
    }

    /// Like [`PrivateFile::write`], for bytes in the browser's memory instead of the module's.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for them.
    pub fn write_array(&self, offset: u64, bytes: &Uint8Array) -> Result<(), Failure> {
        let length = bytes.length() as usize;
        let written = self.0.write_with_js_u8_array_and_options(bytes, &at(offset)).map_err(|e| full(&e, length))?;
        if written as usize == length { Ok(()) } else { Err(Failure::StorageFull { missing: length as u64 }) }
    }

    /// Cuts the file to `length` bytes, or extends it with zeros.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for the zeros.
    pub fn truncate(&self, length: u64) -> Result<(), Failure> {
        self.0.truncate_with_f64(length as f64).map_err(|e| full(&e, 0))
    }

    /// Waits until everything written is on the disk, so that it survives the end of the browser.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room for it after all.
    pub fn flush(&self) -> Result<(), Failure> {
        self.0.flush().map_err(|e| full(&e, 0))
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn is_open_elsewhere(error: &JsValue) -> bool {
    field(error, "name").as_string().as_deref() == Some("NoModificationAllowedError")
}

fn is_missing(error: &JsValue) -> bool {
    field(error, "name").as_string().as_deref() == Some("NotFoundError")
}

fn at(offset: u64) -> FileSystemReadWriteOptions {
    object(&[("at", (offset as f64).into())]).unchecked_into()
}

fn full(error: &JsValue, bytes: usize) -> Failure {
    if field(error, "name").as_string().as_deref() == Some("QuotaExceededError") {
        Failure::StorageFull { missing: bytes as u64 }
    } else {
        Failure::Internal { detail: words(error) }
    }
}
