//! A folder on the user's disk, which the user has chosen to be written to.

use super::{field, object, refused};
use crate::protocol::Failure;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = showDirectoryPicker)]
    fn show_directory_picker(options: &JsValue) -> Result<Promise, JsValue>;
}

/// See the module.
#[derive(Clone)]
pub struct UserFolder(FileSystemDirectoryHandle);

/// Whether the browser lets extensions write into folders.
pub fn is_offered() -> bool {
    !field(&js_sys::global(), "showDirectoryPicker").is_undefined()
}

impl UserFolder {
    /// Lets the user choose one; none where the user declines. It has to be called at a click.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn choose() -> Result<Option<Self>, Failure> {
        let options = object(&[("mode", "readwrite".into()), ("id", "rubout-batch".into())]);
        match JsFuture::from(show_directory_picker(&options).map_err(refused)?).await {
            Ok(folder) => Ok(Some(Self(folder.unchecked_into()))),
            Err(error) if field(&error, "name").as_string().as_deref() == Some("AbortError") => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    /// Writes a new file; `name` is its name after those of its folders, which are made where there are none. False where there is such a file already: it
    /// stays as it is.
    ///
    /// # Errors
    /// When the disk is full, or the browser refuses.
    pub async fn write_new(&self, name: &[String], file: &Blob) -> Result<bool, Failure> {
        let Some((name, folders)) = name.split_last() else { return Ok(false) };
        let mut folder = self.0.clone();
        for part in folders {
            let options = FileSystemGetDirectoryOptions::new();
            options.set_create(true);
            let opening = folder.get_directory_handle_with_options(part, &options);
            folder = JsFuture::from(opening).await.map_err(refused)?.unchecked_into();
        }
        match JsFuture::from(folder.get_file_handle(name)).await {
            Ok(_) => return Ok(false),
            Err(error) if field(&error, "name").as_string().as_deref() == Some("NotFoundError") => {}
            // A folder of that name.
            Err(error) if field(&error, "name").as_string().as_deref() == Some("TypeMismatchError") => {
                return Ok(false);
            }
            Err(error) => return Err(refused(error)),
        }
        let options = FileSystemGetFileOptions::new();
        options.set_create(true);
        let opening = folder.get_file_handle_with_options(name, &options);
        let handle: FileSystemFileHandle = JsFuture::from(opening).await.map_err(refused)?.unchecked_into();
        let stream = super::files::Stream::into(&handle).await?;
        stream.write(file).await?;
        stream.close().await?;
        Ok(true)
    }
}
