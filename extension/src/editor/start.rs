//! Starts the editor: makes its parts and connects them.

use super::intake::{Take, bind_chooser, bind_window};
use super::target::Target;
use super::workspace::Workspace;
use super::{errands, kept, keys, sizing};
use crate::batch::{Painted, Sheet};
use crate::protocol::errand::{Errand, PRIVATE};
use crate::ui::dom::{attribute, by_id, root, window};
use crate::ui::listen::on;
use crate::ui::question_dialog::QuestionDialog;
use crate::ui::translation::translate_page;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, HtmlInputElement, KeyboardEvent, MouseEvent, Node};

/// See the module.
pub fn start() {
    translate_page();
    let query = window().location().search().unwrap_or_default();
    let editor = Workspace::find(query == PRIVATE);
    let take = editor.take();
    let chooser: HtmlInputElement = by_id("files");
    bind_chooser(&chooser, &take);
    let opener = chooser.clone();
    on(&by_id::<HtmlElement>("open"), "click", move |_: &MouseEvent| opener.click());
    let paster = Rc::clone(&editor);
    on(&by_id::<HtmlElement>("paste"), "click", move |_: &MouseEvent| {
        let editor = Rc::clone(&paster);
        spawn_local(async move { errands::paste(&editor).await });
    });
    let showing = Rc::clone(&editor);
    let batch = Sheet::find(editor.is_private(), move || {
        let shown = showing.shown()?;
        Some(Painted { file: shown.given.file.clone(), name: shown.given.name.clone() })
    });
    bind(&window(), &editor, &chooser, &take, &batch);
    let (inner, frames, batches) = (Rc::clone(&editor), take, Rc::clone(&batch));
    editor.listen_with(move |window| bind(window, &inner, &chooser, &frames, &batches));
    let leaving = Rc::clone(&editor);
    on(&window(), "beforeunload", move |event: &Event| {
        // Only the browser can ask whether to stay.
        if leaving.is_at_risk() || batch.is_at_risk() {
            event.prevent_default();
        }
    });
    let errand = Errand::of(&window().location().hash().unwrap_or_default());
    // A page that is loaded anew does not do it again.
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&format!("editor.html{query}")));
    }
    // A page that is opened behind another one gets no focus by `autofocus`.
    let _ = by_id::<HtmlElement>("open").focus();
    let dialog = QuestionDialog::find("question");
    kept::start(&editor, &dialog);
    sizing::start(&editor, &dialog);
    keys::start();
    let before = Target::noted();
    spawn_local(async move {
        kept::restore(&editor).await;
        errands::run(&editor, errand, before).await;
        attribute(&root(), "data-ready", "");
    });
}

/// Listens to a window: this page's own, and those of the overlays in it.
fn bind(target: &EventTarget, editor: &Rc<Workspace>, chooser: &HtmlInputElement, take: &Take, batch: &Rc<Sheet>) {
    bind_window(target, take);
    let (editor, chooser, batch) = (Rc::clone(editor), chooser.clone(), Rc::clone(batch));
    on(target, "keydown", move |event: &KeyboardEvent| {
        let control = event.ctrl_key() || event.meta_key();
        match event.key().as_str() {
            "o" | "O" if control => chooser.click(),
            "m" | "M" if control => batch.open(),
            "Enter" if control && !event.repeat() => editor.hand_over(),
            // One picture has no neighbours: there the keys do what they do in any page.
            "PageUp" | "PageDown" if is_taken(event) || editor.all().len() < 2 => return,
            "PageUp" => editor.step(-1),
            "PageDown" => editor.step(1),
            _ => return,
        }
        event.prevent_default();
    });
}

/// What has the paging keys for itself while it has the focus, or while it is open.
const PAGED: &str = "input, select, textarea, dialog, [role=slider], [role=listbox], [role=menu]";

/// Whether a key belongs to what has the focus: a slider, a list, a sheet.
fn is_taken(event: &KeyboardEvent) -> bool {
    let Some(at) = event.target() else { return false };
    // It may belong to the window of an overlay, so that its type cannot be asked for.
    let at: &Element = at.unchecked_ref();
    let is_inside = |at: &Element| at.closest(PAGED).ok().flatten().is_some();
    let has_open = |document: Document| document.query_selector("dialog[open]").ok().flatten().is_some();
    at.node_type() == Node::ELEMENT_NODE && is_inside(at) || at.owner_document().is_some_and(has_open)
}
