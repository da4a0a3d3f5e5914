//! Starts the page: makes its parts and connects them.

use super::actions::Actions;
use super::coalesce::Coalesce;
use super::context::Context;
use super::data::DataCard;
use super::gpu::GpuCard;
use super::list::List;
use super::own::OwnModels;
use super::page::Page;
use super::room::Room;
use super::settings::SettingsCard;
use crate::model_client::ModelClient;
use crate::ui::alert::Alert;
use crate::ui::announcer::Announcer;
use crate::ui::dom::by_id;
use crate::ui::question_dialog::QuestionDialog;
use crate::ui::translation::translate_page;
use std::rc::{Rc, Weak};

/// See the module.
pub fn start() {
    translate_page();
    let page = Rc::new_cyclic(|page: &Weak<Page>| {
        let (listener, refresher) = (page.clone(), page.clone());
        let hear = move |heard| {
            if let Some(page) = listener.upgrade() {
                page.hear(heard);
            }
        };
        let refresh = move || {
            if let Some(page) = refresher.upgrade() {
                page.refresh();
            }
        };
        let context = Rc::new(Context {
            client: ModelClient::new(hear),
            alert: Alert::find(by_id("title")),
            dialog: QuestionDialog::find("consent"),
            announcer: Announcer::find(),
            refresh: Box::new(refresh),
        });
        let list = Rc::new(List::find());
        Actions::start(&context, &list);
        DataCard::start(&context);
        Page {
            own: OwnModels::start(&context),
            room: Room::start(&context),
            gpu: GpuCard::start(&context, &list),
            settings: SettingsCard::start(&context, &list),
            loading: by_id("loading"),
            listing: Coalesce::default(),
            context,
            list,
        }
    });
    page.refresh();
    // The page lives as long as its document.
    std::mem::forget(page);
}
