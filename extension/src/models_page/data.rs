//! The card about what is kept on this computer: settings to a file and from one, and everything deleted.

use super::context::Context;
use super::settings_file::{Refusal, Setting, SettingsFile};
use crate::browser::{bytes, engine_home, files, i18n, offers, permissions, refused, storage};
use crate::drafts::store as drafts;
use crate::protocol::Failure;
use crate::protocol::background::session_key;
use crate::protocol::models::{KeepWarm, Listed, Prefer, Status, UseHub};
use crate::ui::dom::{by_id, show_text};
use crate::ui::listen::on;
use crate::ui::question_dialog::Question;
use crate::ui::save_file::save_file;
use crate::ui::sentences;
use js_sys::JSON;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, File, HtmlElement, HtmlInputElement, MouseEvent};

/// The settings in the browser's storage.
const KEYS: [&str; 3] = [storage::METHOD, storage::ERASE_ON_RELEASE, storage::DRAFT_DAYS];
/// Name of the file that settings are exported to.
const FILE_NAME: &str = "rubout-settings.json";
/// Most bytes of a file with settings. There is little to write.
const MOST_BYTES: f64 = 65_536.0;

/// See the module.
pub(super) struct DataCard {
    context: Rc<Context>,
    note: HtmlElement,
}

impl DataCard {
    /// Listens to its controls.
    pub(super) fn start(context: &Rc<Context>) {
        let card = Rc::new(Self { context: Rc::clone(context), note: by_id("data-note") });
        let it = Rc::clone(&card);
        on(&by_id::<HtmlElement>("settings-export"), "click", move |_: &MouseEvent| {
            spawn_local(Rc::clone(&it).export())
        });
        let (it, picker) = (Rc::clone(&card), by_id::<HtmlInputElement>("settings-import"));
        on(&picker.clone(), "change", move |_: &Event| {
            if let Some(file) = picker.files().and_then(|files| files.get(0)) {
                spawn_local(Rc::clone(&it).import(file));
            }
            // Emptied, so that choosing the same file again is a change.
            picker.set_value("");
        });
        on(&by_id::<HtmlElement>("delete-all"), "click", move |_: &MouseEvent| {
            spawn_local(Rc::clone(&card).delete_all())
        });
    }

    async fn export(self: Rc<Self>) {
        self.clear();
        match self.exported().await {
            Ok(()) => self.tell(&i18n::text("dataExported", &[FILE_NAME])),
            Err(failure) => {
                let again = Rc::clone(&self);
                self.context.fail(&failure, move || spawn_local(again.export()));
            }
        }
    }

    async fn exported(&self) -> Result<(), Failure> {
        let Listed { settings, .. } = self.context.client.list().await?;
        let mut stored = BTreeMap::new();
        for key in KEYS {
            if let Some(value) = storage::local::<Setting>(key).await? {
                stored.insert(key.to_owned(), value);
            }
        }
        let mirror = if settings.mirror { settings.hub } else { String::new() };
        let file = SettingsFile::new(stored, settings.warm_minutes, settings.preferred, mirror);
        let value = serde_wasm_bindgen::Serializer::json_compatible();
        let value =
            serde::Serialize::serialize(&file, &value).map_err(|e| Failure::Internal { detail: e.to_string() })?;
        let text =
            String::from(JSON::stringify_with_replacer_and_space(&value, &JsValue::NULL, &2.into()).map_err(refused)?);
        save_file(&bytes::blob(text.as_bytes(), "application/json")?, FILE_NAME)
    }

    async fn import(self: Rc<Self>, file: File) {
        self.clear();
        let settings = match read(&file).await {
            Ok(Ok(settings)) => settings,
            Ok(Err(Refusal::NoSettings)) => return self.context.alert.refuse("dataNoSettings"),
            Ok(Err(Refusal::Newer)) => return self.context.alert.refuse("dataNewer"),
            Err(failure) => return self.fail_importing(&failure, file),
        };
        // Models come from there: somebody else's file must not decide that unseen.
        if let Some(mirror) = settings.mirror.clone().filter(|mirror| !mirror.is_empty()) {
            let question = Question {
                title: &i18n::text("dataImportTitle", &[]),
                text: &i18n::text("dataImportMirror", &[&mirror]),
                yes: &i18n::text("modelsMirrorUse", &[]),
                no: &i18n::text("cancel", &[]),
            };
            if !self.context.dialog.ask(question).await {
                return;
            }
        }
        match self.apply(settings).await {
            Ok(()) => {
                self.tell(&i18n::text("dataImported", &[]));
                self.context.refresh();
            }
            Err(failure) => self.fail_importing(&failure, file),
        }
    }

    fn fail_importing(self: &Rc<Self>, failure: &Failure, file: File) {
        let again = Rc::clone(self);
        self.context.fail(failure, move || spawn_local(again.import(file)));
    }

    async fn apply(&self, mut settings: SettingsFile) -> Result<(), Failure> {
        if !self.may_keep_for(settings.stored.get(storage::DRAFT_DAYS)).await? {
            settings.stored.remove(storage::DRAFT_DAYS);
        }
        for (key, value) in &settings.stored {
            storage::set_local(key, value).await?;
        }
        let client = &self.context.client;
        if let Some(minutes) = settings.warm_minutes {
            client.call(KeepWarm { minutes }, []).await?;
        }
        if let Some(origin) = settings.mirror {
            client.call(UseHub { origin }, []).await?;
        }
        if let Some(model) = settings.preferred {
            client.call(Prefer { model }, []).await?;
        }
        Ok(())
    }

    /// Whether pictures may be kept for as many days as a file says. The user is asked where that removes some at once.
    async fn may_keep_for(&self, days: Option<&Setting>) -> Result<bool, Failure> {
        let Some(&Setting::Number(days)) = days else { return Ok(false) };
        let older = drafts::count_older(days as u32).await?;
        let (yes, no) = (i18n::text("keptForgetOld", &[]), i18n::text("cancel", &[]));
        let text = i18n::text("keptAskForgetOld", &[&older.to_string()]);
        Ok(older == 0 || self.context.dialog.ask(Question { title: &yes, text: &text, yes: &yes, no: &no }).await)
    }

    /// Deletes all that is kept, after a question that says how much it is.
    async fn delete_all(self: Rc<Self>) {
        self.clear();
        let question = match self.what_is_kept().await {
            Ok(Some(question)) => question,
            Ok(None) => return self.context.alert.refuse("dataEditorOpen"),
            Err(failure) => return self.fail_deleting(&failure),
        };
        let question = Question {
            title: &i18n::text("dataDeleteTitle", &[]),
            text: &question,
            yes: &i18n::text("dataDelete", &[]),
            no: &i18n::text("cancel", &[]),
        };
        if !self.context.dialog.ask(question).await {
            return;
        }
        match delete_all().await {
            Ok(()) => {
                self.tell(&i18n::text("dataDeleted", &[]));
                self.context.refresh();
            }
            Err(failure) => self.fail_deleting(&failure),
        }
    }

    fn fail_deleting(self: &Rc<Self>, failure: &Failure) {
        let again = Rc::clone(self);
        self.context.fail(failure, move || spawn_local(again.delete_all()));
    }

    /// What would be deleted, in words; none while the editor has pictures open, which it would keep again.
    async fn what_is_kept(&self) -> Result<Option<String>, Failure> {
        let (pictures, is_open) = drafts::count().await?;
        if is_open {
            return Ok(None);
        }
        let Listed { models, storage, .. } = self.context.client.list().await?;
        let models = models.iter().filter(|model| model.status == Status::Installed).count();
        let words = [models.to_string(), pictures.to_string(), sentences::size(storage.used)];
        Ok(Some(i18n::text("dataDeleteText", &[&words[0], &words[1], &words[2]])))
    }

    fn clear(&self) {
        self.context.alert.dismiss();
        show_text(&self.note, "");
    }

    fn tell(&self, text: &str) {
        show_text(&self.note, text);
        self.context.announcer.say(text);
    }
}

/// The settings in a file.
///
/// # Errors
/// When it cannot be read.
async fn read(file: &File) -> Result<Result<SettingsFile, Refusal>, Failure> {
    if file.size() > MOST_BYTES {
        return Ok(Err(Refusal::NoSettings));
    }
    let text = bytes::read(file).await?;
    let value = str::from_utf8(&text).ok().and_then(|text| JSON::parse(text).ok());
    let settings = value.and_then(|value| serde_wasm_bindgen::from_value::<SettingsFile>(value).ok());
    Ok(settings.ok_or(Refusal::NoSettings).and_then(|settings| settings.checked(&KEYS)))
}

/// Deletes files, settings and permissions. The engine ends first, because it has files open.
async fn delete_all() -> Result<(), Failure> {
    offers::forget_all().await?;
    engine_home::close().await?;
    files::clear().await?;
    // The list of lent sites is among what is cleared then.
    permissions::remove_all().await?;
    storage::clear_local().await?;
    // Open edits need what the browser knows of their pages until it ends.
    for key in storage::session_keys().await?.iter().filter(|key| !key.starts_with(&session_key(""))) {
        storage::remove_session(key).await?;
    }
    Ok(())
}
