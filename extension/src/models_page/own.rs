//! Models of the user's own: a file that is chosen or dropped, or an address.

use super::address::mark_valid;
use super::consent::Question;
use super::list::chosen_precision;
use super::page::Page;
use crate::browser::i18n;
use crate::model_client::unexpected;
use crate::protocol::Failure;
use crate::protocol::models::{ModelsReply, ToModels};
use crate::ui::dom::{attribute, document};
use crate::ui::listen::on;
use crate::ui::sentences;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DragEvent, Event, File, FileList, Url};

/// How the names of usable files end.
const ENDINGS: [&str; 2] = [".bin", ".safetensors"];

/// Listens to the file picker, to files dropped anywhere on the page, and to the address field.
pub(super) fn bind(page: &Rc<Page>) {
    let it = Rc::clone(page);
    on(&page.dom.import, "change", move |_: &Event| {
        it.import_all(it.dom.import.files());
        // So that choosing the same file again is a change.
        it.dom.import.set_value("");
    });

    let document = document();
    let it = Rc::clone(page);
    on(&document, "dragover", move |event: &DragEvent| {
        if carries_files(event) {
            // Without this, the browser would leave the page and open the file.
            event.prevent_default();
            attribute(&it.dom.own, "data-dropping", "");
        }
    });
    let it = Rc::clone(page);
    on(&document, "dragleave", move |event: &DragEvent| {
        // It also comes for every element inside that the pointer leaves.
        if event.related_target().is_none() {
            it.drop_over();
        }
    });
    let it = Rc::clone(page);
    on(&document, "drop", move |event: &DragEvent| {
        if carries_files(event) {
            event.prevent_default();
            it.drop_over();
            it.import_all(event.data_transfer().and_then(|data| data.files()));
        }
    });

    let it = Rc::clone(page);
    on(&page.dom.add_form, "submit", move |event: &Event| {
        event.prevent_default();
        spawn_local(Rc::clone(&it).add());
    });
    let it = Rc::clone(page);
    on(&page.dom.add_url, "input", move |_: &Event| mark_valid(&it.dom.add_url, true));
}

/// Text may be dragged into the address field as anywhere else.
fn carries_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

impl Page {
    fn drop_over(&self) {
        // Only a malformed attribute name could be refused.
        let _ = self.dom.own.remove_attribute("data-dropping");
    }

    fn import_all(self: &Rc<Self>, files: Option<FileList>) {
        drop(self.dismiss());
        let Some(files) = files else { return };
        for file in (0..files.length()).filter_map(|i| files.get(i)) {
            self.import(file);
        }
    }

    fn import(self: &Rc<Self>, file: File) {
        let name = file.name();
        let lower = name.to_lowercase();
        if !ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
            return self.fail(&Failure::BadModel { detail: format!("a file named {name}") }, |_| {});
        }
        let call = ToModels::Import { name: name.clone(), precision: chosen_precision(&self.dom.own_precision) };
        self.take(call, vec![file.into()], "modelsImporting", name);
    }

    async fn add(self: Rc<Self>) {
        drop(self.dismiss());
        let Some(url) = self.address(&self.dom.add_url) else { return };
        let bytes = match self.look(&url).await {
            Ok(bytes) => bytes,
            Err(failure) => return self.fail(&failure, |page| spawn_local(Rc::clone(page).add())),
        };
        let text = match bytes {
            0 => i18n::text("modelsAddConsent", &[&url.host()]),
            bytes => i18n::text("modelsConsent", &[&sentences::size(bytes as f64), &url.host()]),
        };
        let question = Question {
            title: &i18n::text("modelsAddTitle", &[]),
            text: &text,
            yes: &i18n::text("modelsDownload", &[]),
            no: &i18n::text("askNotNow", &[]),
        };
        if self.consent.ask(&self.dom, question).await {
            self.dom.add_url.set_value("");
            let call = ToModels::Add { url: url.href(), precision: chosen_precision(&self.dom.own_precision) };
            self.take(call, vec![], "modelsAdding", url.host());
        }
    }

    /// How large a file is.
    async fn look(&self, url: &Url) -> Result<u64, Failure> {
        self.own_note(&i18n::text("modelsAsking", &[]));
        let looked = self.ask_host(url, &ToModels::Look { url: url.href() }).await;
        self.own_note("");
        match looked? {
            (ModelsReply::Offered { bytes, .. }, _) => Ok(bytes),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Asks the store to take a model. `what` names it, since it has no card yet; `doing` is the sentence for
    /// meanwhile.
    fn take(self: &Rc<Self>, call: ToModels, blobs: Vec<Blob>, doing: &'static str, what: String) {
        let page = Rc::clone(self);
        spawn_local(async move {
            page.own_note(&i18n::text(doing, &[&what]));
            page.taking.set(page.taking.get() + 1);
            let answer = page.store.call(&call, &blobs).await;
            page.taking.set(page.taking.get() - 1);
            match answer {
                Ok(_) => page.own_note(&i18n::text("modelsAdded", &[&what])),
                Err(failure) => {
                    page.own_note("");
                    page.fail(&failure, move |page| page.take(call, blobs, doing, what));
                }
            }
            page.refresh();
        });
    }

    /// Shows how far it has come.
    pub(super) fn taking(&self, progress: &str) {
        if self.taking.get() > 0 {
            self.dom.own_note.set_text_content(Some(progress));
        }
    }

    fn own_note(&self, text: &str) {
        self.dom.own_note.set_text_content(Some(text));
        self.dom.own_note.set_hidden(text.is_empty());
        self.say(text);
    }
}
