//! The actions of the buttons on a model's card.

use super::context::Context;
use super::list::List;
use super::row::Row;
use crate::browser::i18n;
use crate::protocol::models::{
    Delete, Export, Exported, Install, ModelId, Offer, Offered, Pause, Prefer, Status, ToModels, Verify,
};
use crate::protocol::{Call, Done, Failure};
use crate::ui::listen::on;
use crate::ui::question_dialog::Question;
use crate::ui::save_file::save_file;
use crate::ui::sentences;
use crate::wire::Answered;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, Element, MouseEvent};

/// See the module.
pub(super) struct Actions {
    context: Rc<Context>,
    list: Rc<List>,
}

/// The action of a button, for one model.
type Act = fn(&Rc<Actions>, ModelId);

impl Actions {
    /// Listens to the buttons of all cards, also of those that are added later.
    pub(super) fn start(context: &Rc<Context>, list: &Rc<List>) {
        let it = Rc::new(Self { context: Rc::clone(context), list: Rc::clone(list) });
        on(list.element(), "click", move |event: &MouseEvent| {
            let pressed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let button = pressed.and_then(|pressed| pressed.closest("[data-action]").ok().flatten());
            let Some(button) = button else { return };
            if button.get_attribute("aria-disabled").as_deref() == Some("true") {
                return;
            }
            let card = button.closest("[data-model]").ok().flatten();
            let model = card.and_then(|card| card.get_attribute("data-model"));
            if let (Some(model), Some(action)) = (model, button.get_attribute("data-action")) {
                it.act(model, &action);
            }
        });
    }

    fn act(self: &Rc<Self>, model: ModelId, action: &str) {
        let act: Act = match action {
            "install" | "update" => Self::install,
            "pause" => |it, model| it.run(Pause { model: model.clone() }, model, "modelsDonePause"),
            "prefer" => |it, model| it.run(Prefer { model: model.clone() }, model, "modelsDonePrefer"),
            "verify" => Self::verify,
            "export" => Self::export,
            "delete" => Self::delete,
            _ => return,
        };
        self.context.alert.dismiss();
        act(self, model);
    }

    /// Asks the store for the size of the download, asks the user, and downloads only after a yes. A paused download goes on without a question:
    /// the user agreed when it began.
    fn install(self: &Rc<Self>, id: ModelId) {
        let it = Rc::clone(self);
        spawn_local(async move {
            let Some(row) = it.list.row(&id) else { return };
            let waiting = row.wait();
            let agreed = row.model().status == Status::Paused || it.agreed(&row).await;
            drop(waiting);
            if agreed {
                it.run(Install { model: id.clone(), precision: row.precision() }, id, "modelsDoneInstall");
            }
        });
    }

    async fn agreed(self: &Rc<Self>, row: &Row) -> bool {
        let model = row.model();
        row.note(&i18n::text("modelsAsking", &[]));
        let offer = self.context.client.call(Offer { model: model.id.clone() }, []).await;
        row.note("");
        let again = Rc::clone(self);
        match offer {
            Ok((Offered { bytes: 0, .. }, [])) if model.status == Status::Installed => {
                let sentence = i18n::text("modelsCurrent", &[&model.name]);
                row.note(&sentence);
                self.context.announcer.say(&sentence);
                false
            }
            Ok((Offered { bytes, host }, [])) => {
                let title = if model.status == Status::Installed { "modelsUpdateTitle" } else { "modelsConsentTitle" };
                let mut text = i18n::text("modelsConsent", &[&sentences::size(bytes as f64), &host]);
                if let Some(pinned) = model.pinned {
                    text += " ";
                    text += &i18n::text("modelsEditionIs", &[&sentences::edition(pinned)]);
                }
                let question = Question {
                    title: &i18n::text(title, &[&model.name]),
                    text: &text,
                    yes: &i18n::text("modelsDownload", &[]),
                    no: &i18n::text("askNotNow", &[]),
                };
                self.context.dialog.ask(question).await
            }
            Err(failure) => {
                self.context.fail(&failure, move || again.install(model.id));
                false
            }
        }
    }

    fn delete(self: &Rc<Self>, id: ModelId) {
        let it = Rc::clone(self);
        spawn_local(async move {
            let Some(row) = it.list.row(&id) else { return };
            let name = row.name();
            let text = if row.shared() { "modelsDeleteShared" } else { "modelsDeleteText" };
            let question = Question {
                title: &i18n::text("modelsDeleteTitle", &[&name]),
                text: &i18n::text(text, &[&name]),
                yes: &i18n::text("modelsDelete", &[]),
                no: &i18n::text("cancel", &[]),
            };
            if it.context.dialog.ask(question).await {
                it.run(Delete { model: id.clone() }, id, "modelsDoneDelete");
            }
        });
    }

    /// Compares every byte of a model with its record.
    fn verify(self: &Rc<Self>, id: ModelId) {
        let it = Rc::clone(self);
        spawn_local(async move {
            let subject = it.subject(&id);
            let again = Rc::clone(&it);
            match subject.ask(&it.context, Verify { model: id.clone() }).await {
                Ok(_) => subject.note(&it.report("modelsDoneVerify", &[&subject.name, ""])),
                // The model is gone, so a retry could not check it.
                Err(failure @ Failure::HashMismatch) => it.context.fail(&failure, move || again.install(id)),
                Err(failure) => it.context.fail(&failure, move || again.verify(id)),
            }
            it.context.refresh();
        });
    }

    /// Saves the pack of a model as a file.
    fn export(self: &Rc<Self>, id: ModelId) {
        let it = Rc::clone(self);
        spawn_local(async move {
            let subject = it.subject(&id);
            let answer = subject.ask(&it.context, Export { model: id.clone() }).await;
            let saved = answer.and_then(|(Exported { name }, [pack])| save_file(&pack, &name).map(|()| name));
            let again = Rc::clone(&it);
            match saved {
                Ok(file) => subject.note(&it.report("modelsDoneExport", &[&subject.name, &file])),
                Err(failure) => it.context.fail(&failure, move || again.export(id)),
            }
            it.context.refresh();
        });
    }

    /// Asks the store to do something with a model. `done` is the message that says when it is done.
    fn run<C>(self: &Rc<Self>, call: C, id: ModelId, done: &'static str)
    where
        C: Call<Request = ToModels, Reply = Done, Blobs<Blob> = [Blob; 0]> + 'static,
    {
        let it = Rc::clone(self);
        spawn_local(async move {
            let subject = it.subject(&id);
            let again = Rc::clone(&it);
            match subject.ask(&it.context, call.clone()).await {
                Ok(_) => drop(it.report(done, &[&subject.name, ""])),
                // The user has agreed already: the retry does not ask again.
                Err(failure) => it.context.fail(&failure, move || again.run(call, id, done)),
            }
            it.context.refresh();
        });
    }

    fn subject(&self, id: &str) -> Subject {
        let row = self.list.row(id);
        Subject { name: row.as_ref().map_or_else(|| id.to_owned(), |row| row.name()), row }
    }

    /// Announces that something is done, and returns the sentence.
    fn report(&self, done: &str, words: &[&str]) -> String {
        let sentence = i18n::text(done, words);
        self.context.announcer.say(&sentence);
        sentence
    }
}

/// A request about a model. The model's card may be gone when the answer comes.
struct Subject {
    name: String,
    row: Option<Rc<Row>>,
}

impl Subject {
    /// Asks the store. The card shows that it waits for the answer.
    async fn ask<C>(&self, context: &Context, call: C) -> Answered<C>
    where
        C: Call<Request = ToModels, Blobs<Blob> = [Blob; 0]>,
    {
        let _waiting = self.row.as_ref().map(|row| row.wait());
        context.client.call(call, []).await
    }

    /// Shows a sentence on the card, if it still exists.
    fn note(&self, sentence: &str) {
        if let Some(row) = &self.row {
            row.note(sentence);
        }
    }
}
