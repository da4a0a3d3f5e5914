//! Installs models of the user's own: from a file that is chosen or dropped, or from an address.

use super::address::AddressField;
use super::context::Context;
use super::row::chosen_precision;
use crate::browser::i18n;
use crate::protocol::models::{Add, Import, Look, Offered, Precision, ToModels};
use crate::protocol::{Call, Done, Failure};
use crate::ui::dom::{attribute, by_id, document, show_text};
use crate::ui::listen::on;
use crate::ui::question_dialog::Question;
use crate::ui::sentences;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DragEvent, Event, File, FileList, HtmlElement, HtmlInputElement, HtmlSelectElement, Url};

/// How the names of usable files end.
const ENDINGS: [&str; 2] = [".bin", ".safetensors"];

/// See the module.
pub(super) struct OwnModels {
    context: Rc<Context>,
    card: HtmlElement,
    picker: HtmlInputElement,
    address: AddressField,
    precision: HtmlSelectElement,
    note: HtmlElement,
    /// How many installations are under way that have no card yet.
    taking: Cell<u32>,
}

/// True if files are dragged. Text may be dragged into the address field.
fn carries_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

impl OwnModels {
    /// Listens to the file picker, to files dropped anywhere on the page, and to the address field.
    pub(super) fn start(context: &Rc<Context>) -> Rc<Self> {
        let own = Rc::new(Self {
            context: Rc::clone(context),
            card: by_id("own"),
            picker: by_id("import"),
            address: AddressField::find("add-url"),
            precision: by_id("own-precision"),
            note: by_id("own-note"),
            taking: Cell::new(0),
        });
        let it = Rc::clone(&own);
        on(&own.picker, "change", move |_: &Event| {
            it.import_all(it.picker.files());
            // Emptied, so that choosing the same file again is a change.
            it.picker.set_value("");
        });
        let it = Rc::clone(&own);
        on(&by_id::<HtmlElement>("add-form"), "submit", move |event: &Event| {
            event.prevent_default();
            spawn_local(Rc::clone(&it).add());
        });
        own.listen_to_drops();
        own
    }

    fn listen_to_drops(self: &Rc<Self>) {
        let document = document();
        let it = Rc::clone(self);
        on(&document, "dragover", move |event: &DragEvent| {
            if carries_files(event) {
                // Otherwise the browser would leave the page and open the file.
                event.prevent_default();
                attribute(&it.card, "data-dropping", "");
            }
        });
        let it = Rc::clone(self);
        on(&document, "dragleave", move |event: &DragEvent| {
            // This event is also sent when the pointer leaves an element of the page for another.
            if event.related_target().is_none() {
                it.drop_over();
            }
        });
        let it = Rc::clone(self);
        on(&document, "drop", move |event: &DragEvent| {
            if carries_files(event) {
                event.prevent_default();
                it.drop_over();
                it.import_all(event.data_transfer().and_then(|data| data.files()));
            }
        });
    }

    fn drop_over(&self) {
        // Only a malformed attribute name could be refused.
        let _ = self.card.remove_attribute("data-dropping");
    }

    fn precision(&self) -> Precision {
        chosen_precision(&self.precision)
    }

    fn import_all(self: &Rc<Self>, files: Option<FileList>) {
        self.context.alert.dismiss();
        let Some(files) = files else { return };
        for file in (0..files.length()).filter_map(|i| files.get(i)) {
            self.import(file);
        }
    }

    fn import(self: &Rc<Self>, file: File) {
        let name = file.name();
        let lower = name.to_lowercase();
        if !ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
            return self.context.fail(&Failure::BadModel { detail: format!("a file named {name}") }, || {});
        }
        let call = Import { name: name.clone(), precision: self.precision() };
        self.take(call, [file.into()], "modelsImporting", name);
    }

    async fn add(self: Rc<Self>) {
        self.context.alert.dismiss();
        let Some(url) = self.address.read(&self.context.alert) else { return };
        let bytes = match self.look(&url).await {
            Ok(bytes) => bytes,
            Err(failure) => {
                let again = Rc::clone(&self);
                return self.context.fail(&failure, move || spawn_local(again.add()));
            }
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
        if self.context.dialog.ask(question).await {
            self.address.element().set_value("");
            let call = Add { url: url.href(), bytes, precision: self.precision() };
            self.take(call, [], "modelsAdding", url.host());
        }
    }

    /// How large a file is.
    async fn look(&self, url: &Url) -> Result<u64, Failure> {
        self.tell(&i18n::text("modelsAsking", &[]));
        let looked = self.context.ask_host(url, Look { url: url.href() }).await;
        self.tell("");
        looked.map(|(Offered { bytes, .. }, [])| bytes)
    }

    /// Asks the store to install a model. `what` names it, because it has no card yet; `doing` is the sentence that shows meanwhile.
    fn take<C>(self: &Rc<Self>, call: C, blobs: C::Blobs<Blob>, doing: &'static str, what: String)
    where
        C: Call<Request = ToModels, Reply = Done, Blobs<Blob>: Clone> + 'static,
    {
        let it = Rc::clone(self);
        spawn_local(async move {
            it.tell(&i18n::text(doing, &[&what]));
            it.taking.set(it.taking.get() + 1);
            let answer = it.context.client.call(call.clone(), blobs.clone()).await;
            it.taking.set(it.taking.get() - 1);
            match answer {
                Ok(_) => it.tell(&i18n::text("modelsAdded", &[&what])),
                Err(failure) => {
                    it.tell("");
                    let again = Rc::clone(&it);
                    it.context.fail(&failure, move || again.take(call, blobs, doing, what));
                }
            }
            it.context.refresh();
        });
    }

    /// Shows the progress of an installation.
    pub(super) fn taking(&self, progress: &str) {
        if self.taking.get() > 0 {
            self.note.set_text_content(Some(progress));
        }
    }

    fn tell(&self, text: &str) {
        show_text(&self.note, text);
        self.context.announcer.say(text);
    }
}
