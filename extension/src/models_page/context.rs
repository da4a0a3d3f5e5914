//! What every part of the page needs: the store, and ways to speak to the user.

use crate::browser::permissions;
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
    /// Has the list of models asked for and shown again.
    pub refresh: Box<dyn Fn()>,
}

impl Context {
    /// Says what failed; the button does the same again where that can help.
    pub(super) fn fail(&self, failure: &Failure, retry: impl FnOnce() + 'static) {
        self.alert.fail(failure, &sentences::failure(failure), retry);
    }

    /// Has the list of models asked for and shown again.
    pub(super) fn refresh(&self) {
        (self.refresh)();
    }

    /// Asks the store for something from a host. Servers that do not allow other origins are read with the user's permission, for
    /// which the click on the button still counts.
    pub(super) async fn ask_host<C>(&self, url: &Url, call: C) -> Answered<C>
    where
        C: Call<Request = ToModels, Blobs<Blob> = [Blob; 0]>,
    {
        let answer = self.client.call(call.clone(), []).await;
        if answer.is_err() && permissions::ask_for_host(url).await? {
            return self.client.call(call, []).await;
        }
        answer
    }
}
