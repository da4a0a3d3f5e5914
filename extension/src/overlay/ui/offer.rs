//! Getting a model without leaving the picture: what it would take, the user's consent, how far it is. Meanwhile the built-in fill works.

use super::app::{App, State};
use crate::browser::i18n;
use crate::model_client::unexpected;
use crate::protocol::Failure;
use crate::protocol::models::{Model, ModelId, ModelsReply, Precision, Status, ToModels, Work};
use crate::ui::sentences;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

impl App {
    /// Says what having the model would take, and brings it here if the user agrees. What was paused has been agreed to.
    pub(super) fn offer(self: &Rc<Self>, model: Model) {
        if !self.can_paint() {
            return;
        }
        self.touched();
        let app = Rc::clone(self);
        spawn_local(async move {
            let agreed = match model.status {
                Status::Paused => Ok(true),
                _ => app.agreed(&model).await,
            };
            match agreed {
                Ok(true) => app.install(model).await,
                Ok(false) => {}
                Err(failure) => app.not_installed(failure, model),
            }
        });
    }

    async fn agreed(self: &Rc<Self>, model: &Model) -> Result<bool, Failure> {
        let store = self.store.borrow().clone().ok_or(Failure::EngineLost)?;
        self.hint("modelsAsking");
        let offer = store.call(&ToModels::Offer { model: model.id.clone() }, &[]).await;
        self.hint("hintPaint");
        let (bytes, host) = match offer? {
            (ModelsReply::Offered { bytes, host }, _) => (bytes, host),
            (other, _) => return Err(unexpected(&other)),
        };
        if !self.can_paint() {
            // The user has gone on; the list is still there to choose from.
            return Ok(false);
        }
        self.touched();
        self.set_state(State::Asking);
        let text = i18n::text("askDownload", &[&model.name, &sentences::size(bytes as f64), &host]);
        let (yes, no) = (i18n::text("modelsDownload", &[]), i18n::text("askNotNow", &[]));
        let agreed = self.ask(&text, &yes, Some(&no)).await;
        // Unless something else took the question's place.
        if self.dom.notice.hidden() {
            self.settle();
        }
        Ok(agreed)
    }

    async fn install(self: &Rc<Self>, model: Model) {
        let Some(store) = self.store.borrow().clone() else { return };
        let precision = model.precision.unwrap_or(Precision::F16);
        let answer = store.call(&ToModels::Install { model: model.id.clone(), precision }, &[]).await;
        self.show_download(None);
        match answer {
            Ok(_) => {
                self.settings.borrow_mut().engine = Some(model.id);
                self.keep_settings();
                self.list_models().await;
                self.hint("hintModelReady");
                self.announce("hintModelReady", &[]);
            }
            // Somebody paused it or took it away, on the models page.
            Err(Failure::Cancelled) => {}
            Err(failure) => self.not_installed(failure, model),
        }
    }

    fn not_installed(self: &Rc<Self>, failure: Failure, model: Model) {
        if self.can_paint() {
            return self.fail(failure, move |app| app.offer(model));
        }
        // What runs is not disturbed by what can be asked for again.
        self.dom.hint.set_text_content(Some(&sentences::model_failure(&failure)));
    }

    /// A model's download came further, whoever asked for it.
    pub(super) fn model_progressed(&self, id: &ModelId, work: Work, done: u64, total: u64, rate: f64) {
        if work == Work::Measuring {
            return;
        }
        let Some(name) = self.model_name(id) else { return };
        self.show_download(Some(&format!("{name}: {}", sentences::progress(work, done, total, rate))));
    }

    /// The line that says how far a download is, or none.
    pub(super) fn show_download(&self, text: Option<&str>) {
        let line = &self.dom.download;
        line.set_text_content(text);
        if line.hidden() == text.is_some() {
            line.set_hidden(text.is_none());
            self.request_frame();
        }
    }
}
