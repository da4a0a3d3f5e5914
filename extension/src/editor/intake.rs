//! The ways in: files that the user chooses, drops or pastes.

use super::names::renamed;
use super::picture::{Given, given};
use crate::browser::{bytes, field, refused, words};
use crate::protocol::Failure;
use crate::ui::dom::{attribute, root, window};
use crate::ui::listen::on;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DragEvent, Event, EventTarget, FileList, HtmlInputElement, Response};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["navigator", "clipboard"], js_name = read)]
    fn read_clipboard() -> Result<js_sys::Promise, JsValue>;

    type ClipboardItem;
    #[wasm_bindgen(method, getter)]
    fn types(this: &ClipboardItem) -> Vec<String>;
    #[wasm_bindgen(method, catch, js_name = getType)]
    fn get_type(this: &ClipboardItem, kind: &str) -> Result<js_sys::Promise, JsValue>;
}

/// What is done with what came in.
pub(super) type Take = Rc<dyn Fn(Vec<Given>)>;

/// Takes the files that are chosen in a file input, each time.
pub(super) fn bind_chooser(input: &HtmlInputElement, take: &Take) {
    let (chooser, take) = (input.clone(), Rc::clone(take));
    on(input, "change", move |_: &Event| {
        let files = listed(chooser.files());
        // Otherwise the same file could not be chosen again.
        chooser.set_value("");
        take(files);
    });
}

/// Takes what is dropped on a window, or pasted into it.
pub(super) fn bind_window(target: &EventTarget, take: &Take) {
    on(target, "dragover", |event: &DragEvent| {
        if carries_files(event) {
            event.prevent_default();
            attribute(&root(), "data-drop", "");
        }
    });
    on(target, "dragleave", |event: &DragEvent| {
        // Only the window itself is left for nothing else.
        if field(event, "relatedTarget").is_null() {
            let _ = root().remove_attribute("data-drop");
        }
    });
    let dropped = Rc::clone(take);
    on(target, "drop", move |event: &DragEvent| {
        let _ = root().remove_attribute("data-drop");
        if carries_files(event) {
            event.prevent_default();
            dropped(listed(event.data_transfer().and_then(|data| data.files())));
        }
    });
    let pasted = Rc::clone(take);
    on(target, "paste", move |event: &Event| {
        // The list may belong to another window, so that its type cannot be asked for.
        let files = field(&field(event, "clipboardData"), "files");
        let files = listed((!files.is_undefined()).then(|| files.unchecked_into()));
        let types = field(&field(event, "target"), "tagName").as_string().as_deref() == Some("INPUT");
        if !files.is_empty() || !types {
            event.prevent_default();
            pasted(files);
        }
    });
}

fn carries_files(event: &DragEvent) -> bool {
    event
        .data_transfer()
        .is_some_and(|data| data.types().iter().any(|kind| kind.as_string().as_deref() == Some("Files")))
}

fn listed(files: Option<FileList>) -> Vec<Given> {
    let Some(files) = files else { return vec![] };
    (0..files.length()).filter_map(|number| files.get(number)).map(|file| given(file.into())).collect()
}

/// The picture on the clipboard; none where there is none. The browser may ask the user.
///
/// # Errors
/// [`Failure::Clipboard`] when the user or the browser declines.
pub(super) async fn from_clipboard() -> Result<Option<Given>, Failure> {
    let declined = |e: JsValue| Failure::Clipboard { detail: words(&e) };
    let items = JsFuture::from(read_clipboard().map_err(declined)?).await.map_err(declined)?;
    for item in js_sys::Array::from(&items).iter().map(|item| item.unchecked_into::<ClipboardItem>()) {
        let Some(kind) = item.types().into_iter().find(|kind| kind.starts_with("image/")) else { continue };
        let file = JsFuture::from(item.get_type(&kind).map_err(declined)?).await.map_err(declined)?;
        return Ok(Some(Given { file: file.unchecked_into(), name: unnamed(&kind), last_modified: None }));
    }
    Ok(None)
}

/// The name of a picture of this MIME type that has none.
pub(super) fn unnamed(kind: &str) -> String {
    let extension = kind.trim_start_matches("image/").split(['+', ';']).next().unwrap_or_default();
    format!("picture.{}", if extension == "jpeg" { "jpg" } else { extension })
}

/// The picture of a `data:` URL or of the extension itself, which is called `title`.
///
/// # Errors
/// When the browser does not read it.
pub(super) async fn from_url(url: &str, title: &str) -> Result<Given, Failure> {
    let file = fetched(url).await?;
    // The bytes of the URL itself need not stay in memory.
    let kind = file.type_();
    let file = bytes::blob(&bytes::read(&file).await?, &kind)?;
    let name = if title.is_empty() { unnamed(&kind) } else { renamed(title, &kind) };
    Ok(Given { file, name, last_modified: None })
}

/// The bytes at a `data:` URL or at an address of the extension itself.
///
/// # Errors
/// When the browser does not read it.
pub(super) async fn fetched(url: &str) -> Result<Blob, Failure> {
    let response: Response = JsFuture::from(window().fetch_with_str(url)).await.map_err(refused)?.unchecked_into();
    Ok(JsFuture::from(response.blob().map_err(refused)?).await.map_err(refused)?.unchecked_into())
}
