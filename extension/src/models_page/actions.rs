//! What the buttons of a card do.

use super::context::Context;
use super::list::List;
use super::row::Row;
use crate::browser::i18n;
use crate::model_client::unexpected;
use crate::protocol::Failure;
use crate::protocol::models::{ModelId, ModelsReply, Status, ToModels};
use crate::ui::listen::on;
use crate::ui::question_dialog::Question;
use crate::ui::save_file::save_file;
use crate::ui::sentences;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, Element, MouseEvent};

/// See the module.
pub(super) struct Actions {
    context: Rc<Context>,
    list: Rc<List>,
}

/// What a button does with a model.
type Act = fn(&Rc<Actions>, ModelId);

impl Actions {
    /// Listens to the buttons of every card that there is and will be.
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
            "pause" => |it, model| it.run(ToModels::Pause { model: model.clone() }, model, "modelsDonePause"),
            "prefer" => |it, model| it.run(ToModels::Prefer { model: model.clone() }, model, "modelsDonePrefer"),
            "verify" => |it, model| it.run(ToModels::Verify { model: model.clone() }, model, "modelsDoneVerify"),
            "export" => |it, model| it.run(ToModels::Export { model: model.clone() }, model, "modelsDoneExport"),
            "delete" => Self::delete,
            _ => return,
        };
        self.context.alert.dismiss();
        act(self, model);
    }

    /// Asks what it would download, asks the user, and only then lets it be downloaded. What was paused has been agreed
    /// to.
    fn install(self: &Rc<Self>, id: ModelId) {
        let it = Rc::clone(self);
        spawn_local(async move {
            let Some(row) = it.list.row(&id) else { return };
            let waiting = row.wait();
            let agreed = row.model().status == Status::Paused || it.agreed(&row).await;
            drop(waiting);
            if agreed {
                it.run(ToModels::Install { model: id.clone(), precision: row.precision() }, id, "modelsDoneInstall");
            }
        });
    }

    async fn agreed(self: &Rc<Self>, row: &Row) -> bool {
        let model = row.model();
        row.note(&i18n::text("modelsAsking", &[]));
        let offer = self.context.client.call(&ToModels::Offer { model: model.id.clone() }, &[]).await;
        row.note("");
        let again = Rc::clone(self);
        match offer {
            Ok((ModelsReply::Offered { bytes: 0, .. }, _)) if model.status == Status::Installed => {
                let sentence = i18n::text("modelsCurrent", &[&model.name]);
                row.note(&sentence);
                self.context.announcer.say(&sentence);
                false
            }
            Ok((ModelsReply::Offered { bytes, host }, _)) => {
                let title = if model.status == Status::Installed { "modelsUpdateTitle" } else { "modelsConsentTitle" };
                let question = Question {
                    title: &i18n::text(title, &[&model.name]),
                    text: &i18n::text("modelsConsent", &[&sentences::size(bytes as f64), &host]),
                    yes: &i18n::text("modelsDownload", &[]),
                    no: &i18n::text("askNotNow", &[]),
                };
                self.context.dialog.ask(question).await
            }
            Ok((other, _)) => {
                self.context.fail(&unexpected(&other), move || again.install(model.id));
                false
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
                it.run(ToModels::Delete { model: id.clone() }, id, "modelsDoneDelete");
            }
        });
    }

    /// Asks the store to do something with a model, and says what came of it: `done` names the sentence.
    fn run(self: &Rc<Self>, call: ToModels, id: ModelId, done: &'static str) {
        let it = Rc::clone(self);
        spawn_local(async move {
            let row = it.list.row(&id);
            let name = row.as_ref().map_or_else(|| id.clone(), |row| row.name());
            let waiting = row.as_ref().map(Row::wait);
            let answer = it.context.client.call(&call, &[]).await.and_then(|(reply, blobs)| finish(reply, blobs));
            drop(waiting);
            let again = Rc::clone(&it);
            match answer {
                Ok(file) => {
                    let sentence = i18n::text(done, &[&name, &file.unwrap_or_default()]);
                    it.context.announcer.say(&sentence);
                    if let (Some(row), ToModels::Verify { .. } | ToModels::Export { .. }) = (row, &call) {
                        row.note(&sentence);
                    }
                }
                // There is nothing left that could be checked once more.
                Err(failure @ Failure::HashMismatch) if matches!(call, ToModels::Verify { .. }) => {
                    it.context.fail(&failure, move || again.install(id));
                }
                // Agreed to already, so that the retry does not ask again.
                Err(failure) => it.context.fail(&failure, move || again.run(call, id, done)),
            }
            it.context.refresh();
        });
    }
}

/// Saves what came along, where something did; gives its name.
fn finish(reply: ModelsReply, blobs: Vec<Blob>) -> Result<Option<String>, Failure> {
    match (reply, blobs.first()) {
        (ModelsReply::Done, _) => Ok(None),
        (ModelsReply::Exported { name }, Some(blob)) => {
            save_file(blob, &name)?;
            Ok(Some(name))
        }
        (other, _) => Err(unexpected(&other)),
    }
}
