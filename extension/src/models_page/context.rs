//! What every part of the page uses: the store, and ways to speak to the user.

use crate::browser::{offers, permissions};
use crate::model_client::ModelClient;
use crate::protocol::models::ToModels;
use crate::protocol::{Call, Failure};
use crate::ui::alert::Alert;
use crate::ui::announcer::Announcer;
use crate::ui::question_dialog::QuestionDialog;
use crate::ui::sentences;
use crate::wire::Answered;
use std::rc::Rc;
use web_sys::{Blob, Url};

/// See the module.
pub(super) struct Context {
    pub client: ModelClient,
    pub alert: Rc<Alert>,
    pub dialog: Rc<QuestionDialog>,
    pub announcer: Announcer,
    /// Requests and shows the list of models again.
    pub refresh: Box<dyn Fn()>,
}

impl Context {
    /// Shows a failure. Its button calls `retry` if trying again can help.
    pub(super) fn fail(&self, failure: &Failure, retry: impl FnOnce() + 'static) {
        self.alert.fail(failure, &sentences::failure(failure), retry);
    }

    /// Requests and shows the list of models again.
    pub(super) fn refresh(&self) {
        (self.refresh)();
    }

    /// Asks the store for something that is on a server. Servers that do not allow other origins can be read with the user's permission; the
    /// browser asks for it if the click that led here is recent.
    pub(super) async fn ask_host<C>(&self, url: &Url, call: C) -> Answered<C>
    where
        C: Call<Request = ToModels, Blobs<Blob> = [Blob; 0]>,
    {
        let answer = self.client.call(call.clone(), []).await;
        if answer.is_ok() {
            return answer;
        }
        offers::forget_wish().await;
        if permissions::ask_for_host(url).await? { self.client.call(call, []).await } else { answer }
    }
}
