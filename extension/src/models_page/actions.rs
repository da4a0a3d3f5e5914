//! What the buttons of a card do.

use super::consent::Question;
use super::list::Row;
use super::page::Page;
use crate::browser::i18n;
use crate::model_client::unexpected;
use crate::protocol::Failure;
use crate::protocol::models::{ModelId, ModelsReply, Status, ToModels};
use crate::ui::listen::on;
use crate::ui::save_file::save_file;
use crate::ui::sentences;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, Element, MouseEvent};

/// Listens to the buttons of every card that there is and will be.
pub(super) fn bind(page: &Rc<Page>) {
    let it = Rc::clone(page);
    on(&page.dom.models, "click", move |event: &MouseEvent| {
        let pressed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(button) = pressed.and_then(|pressed| pressed.closest("[data-action]").ok().flatten()) else { return };
        if button.get_attribute("aria-disabled").as_deref() == Some("true") {
            return;
        }
        let card = button.closest("[data-model]").ok().flatten();
        let (Some(id), Some(action)) =
            (card.and_then(|card| card.get_attribute("data-model")), button.get_attribute("data-action"))
        else {
            return;
        };
        it.act(id, &action);
    });
}

/// What a button does with a model.
type Act = fn(&Rc<Page>, ModelId);

impl Page {
    fn act(self: &Rc<Self>, id: ModelId, action: &str) {
        let act: Act = match action {
            "install" => Self::install,
            "pause" => |page, model| page.run(ToModels::Pause { model: model.clone() }, model, "modelsDonePause"),
            "prefer" => |page, model| page.run(ToModels::Prefer { model: model.clone() }, model, "modelsDonePrefer"),
            "update" => Self::install,
            "verify" => |page, model| page.run(ToModels::Verify { model: model.clone() }, model, "modelsDoneVerify"),
            "export" => |page, model| page.run(ToModels::Export { model: model.clone() }, model, "modelsDoneExport"),
            "delete" => Self::delete,
            _ => return,
        };
        drop(self.dismiss());
        act(self, id);
    }

    /// Asks what it would download, asks the user, and only then lets it be downloaded. What was paused has been agreed
    /// to.
    fn install(self: &Rc<Self>, id: ModelId) {
        let page = Rc::clone(self);
        spawn_local(async move {
            let Some(row) = page.list.row(&id) else { return };
            let waiting = row.wait();
            let agreed = row.model().status == Status::Paused || page.agreed(&row).await;
            drop(waiting);
            if agreed {
                page.run(ToModels::Install { model: id.clone(), precision: row.precision() }, id, "modelsDoneInstall");
            }
        });
    }

    async fn agreed(self: &Rc<Self>, row: &Row) -> bool {
        let model = row.model();
        row.note(&i18n::text("modelsAsking", &[]));
        let offer = self.store.call(&ToModels::Offer { model: model.id.clone() }, &[]).await;
        row.note("");
        match offer {
            Ok((ModelsReply::Offered { bytes: 0, .. }, _)) if model.status == Status::Installed => {
                let sentence = i18n::text("modelsCurrent", &[&model.name]);
                row.note(&sentence);
                self.say(&sentence);
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
                self.consent.ask(&self.dom, question).await
            }
            Ok((other, _)) => {
                self.fail(&unexpected(&other), move |page| page.install(model.id));
                false
            }
            Err(failure) => {
                self.fail(&failure, move |page| page.install(model.id));
                false
            }
        }
    }

    fn delete(self: &Rc<Self>, id: ModelId) {
        let page = Rc::clone(self);
        spawn_local(async move {
            let Some(row) = page.list.row(&id) else { return };
            let name = row.name();
            let text = if row.shared() { "modelsDeleteShared" } else { "modelsDeleteText" };
            let question = Question {
                title: &i18n::text("modelsDeleteTitle", &[&name]),
                text: &i18n::text(text, &[&name]),
                yes: &i18n::text("modelsDelete", &[]),
                no: &i18n::text("cancel", &[]),
            };
            if page.consent.ask(&page.dom, question).await {
                page.run(ToModels::Delete { model: id.clone() }, id, "modelsDoneDelete");
            }
        });
    }

    /// Asks the store to do something with a model, and says what came of it: `done` names the sentence.
    fn run(self: &Rc<Self>, call: ToModels, id: ModelId, done: &'static str) {
        let page = Rc::clone(self);
        spawn_local(async move {
            let row = page.list.row(&id);
            let name = row.as_ref().map_or_else(|| id.clone(), |row| row.name());
            let waiting = row.as_ref().map(Row::wait);
            let answer = page.store.call(&call, &[]).await.and_then(|(reply, blobs)| finish(reply, blobs));
            drop(waiting);
            match answer {
                Ok(file) => {
                    let sentence = i18n::text(done, &[&name, &file.unwrap_or_default()]);
                    page.say(&sentence);
                    if let (Some(row), ToModels::Verify { .. } | ToModels::Export { .. }) = (row, &call) {
                        row.note(&sentence);
                    }
                }
                // There is nothing left that could be checked once more.
                Err(failure @ Failure::HashMismatch) if matches!(call, ToModels::Verify { .. }) => {
                    page.fail(&failure, move |page| page.install(id));
                }
                // Agreed to already, so that the retry does not ask again.
                Err(failure) => page.fail(&failure, move |page| page.run(call, id, done)),
            }
            page.refresh();
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
