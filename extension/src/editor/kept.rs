//! What is kept from before: what was open in this tab comes back by itself; the rest is listed while nothing is open, with what can be done
//! about it.

use super::keeper::noted;
use super::picture::Given;
use super::workspace::Workspace;
use crate::browser::{i18n, refused};
use crate::drafts::record::Record;
use crate::drafts::store;
use crate::protocol::Failure;
use crate::ui::dom::{attribute, by_id, document};
use crate::ui::listen::on;
use crate::ui::question_dialog::{Question, QuestionDialog};
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event, HtmlElement, HtmlSelectElement, MouseEvent};

/// Milliseconds of an hour: how often the drafts that are open are touched.
const HOUR: u32 = 3_600_000;

/// Listens to the list and to what is below it.
pub(super) fn start(editor: &Rc<Workspace>, dialog: &Rc<QuestionDialog>) {
    if editor.is_private() {
        by_id::<HtmlElement>("kept-words").set_hidden(true);
        by_id::<HtmlElement>("kept-private").set_hidden(false);
        return;
    }
    let days: HtmlSelectElement = by_id("days");
    let (it, chosen, asking) = (Rc::clone(editor), days.clone(), Rc::clone(dialog));
    on(&days, "change", move |_: &Event| {
        let (days, dialog) = (chosen.clone(), Rc::clone(&asking));
        act(&it, async move |editor| keep_for(editor, &days, &dialog).await);
    });
    let it = Rc::clone(editor);
    on(&by_id::<HtmlElement>("kept-all"), "click", move |_: &MouseEvent| {
        act(&it, async |editor| {
            let free = store::free().await?;
            reopen_all(editor, &free).await
        });
    });
    let (it, asking) = (Rc::clone(editor), Rc::clone(dialog));
    on(&by_id::<HtmlElement>("forget-all"), "click", move |_: &MouseEvent| {
        let dialog = Rc::clone(&asking);
        act(&it, async move |editor| forget_all(editor, &dialog).await);
    });
    let it = Rc::clone(editor);
    editor.when_empty(move || act(&it, async |editor| show(editor).await));
    spawn_local(async move {
        let kept_for = store::days().await;
        days.set_value(&kept_for.to_string());
        say_kept(kept_for);
    });
    let it = Rc::clone(editor);
    spawn_local(async move {
        loop {
            TimeoutFuture::new(HOUR).await;
            if let Err(failure) = it.keeper.touch().await {
                web_sys::console::warn_1(&failure.to_string().into());
            }
        }
    });
}

/// Keeps drafts for the days that are chosen in the list, after a question where that removes some at once.
async fn keep_for(editor: &Rc<Workspace>, list: &HtmlSelectElement, dialog: &QuestionDialog) -> Result<(), Failure> {
    let chosen = list.value();
    let days = chosen.parse().unwrap_or_default();
    let older = store::count_older(days).await?;
    // Arrow keys choose one after the other, faster than the disk answers: the last choice counts.
    if list.value() != chosen {
        return Ok(());
    }
    if older > 0 && !asked(dialog, "keptForgetOld", i18n::text("keptAskForgetOld", &[&older.to_string()])).await {
        list.set_value(&store::days().await.to_string());
        return Ok(());
    }
    store::set_days(days).await?;
    say_kept(days);
    show(editor).await
}

/// Says beside what is open that it is kept, where it is.
fn say_kept(days: u32) {
    by_id::<HtmlElement>("kept-here").set_hidden(days == 0);
}

/// Asks whether something is to be removed: `key` is the heading, and the yes.
async fn asked(dialog: &QuestionDialog, key: &str, text: String) -> bool {
    let (yes, no) = (i18n::text(key, &[]), i18n::text("cancel", &[]));
    dialog.ask(Question { title: &yes, text: &text, yes: &yes, no: &no }).await
}

/// Opens again what was open in this tab before its page ended, and lists the rest.
pub(super) async fn restore(editor: &Rc<Workspace>) {
    if editor.is_private() {
        return;
    }
    let restored = async {
        let (open, free) = (noted(), store::free().await?);
        let here = open.iter().filter_map(|id| free.iter().find(|record| record.id == *id)).cloned();
        reopen_all(editor, &here.collect::<Vec<_>>()).await?;
        show(editor).await
    };
    if let Err(failure) = restored.await {
        editor.fail(&failure);
    }
}

/// Does something that may fail, and says so then.
fn act<F>(editor: &Rc<Workspace>, action: F)
where
    F: AsyncFnOnce(&Rc<Workspace>) -> Result<(), Failure> + 'static,
{
    let editor = Rc::clone(editor);
    spawn_local(async move {
        if let Err(failure) = action(&editor).await {
            editor.fail(&failure);
        }
    });
}

async fn reopen_all(editor: &Rc<Workspace>, records: &[Record]) -> Result<(), Failure> {
    let (mut first, mut failed) = (None, None);
    for record in records {
        // Another tab may have it open, or may have forgotten it since the list was made. One that cannot be opened keeps back none of the others.
        let (record, draft) = match editor.keeper.open(&record.id).await {
            Ok(Some(opened)) => opened,
            Ok(None) => continue,
            Err(failure) => {
                failed = Some(failure);
                continue;
            }
        };
        let given = Given { file: draft.file, name: record.name.clone(), last_modified: record.last_modified };
        let id = editor.put_back(given, record.id.clone(), draft.kept, record.width);
        first = first.or(Some(id));
    }
    if let Some(first) = first {
        editor.show(first);
    }
    failed.map_or(Ok(()), Err)
}

async fn forget_all(editor: &Rc<Workspace>, dialog: &QuestionDialog) -> Result<(), Failure> {
    if !asked(dialog, "keptForgetAll", i18n::text("keptAskForgetAll", &[])).await {
        return Ok(());
    }
    let records = store::free().await?;
    forget(editor, records.iter()).await
}

/// Removes drafts, but those that other pages have open by now.
async fn forget<'a>(editor: &Rc<Workspace>, records: impl Iterator<Item = &'a Record>) -> Result<(), Failure> {
    let mut elsewhere = false;
    for record in records {
        elsewhere |= !editor.keeper.forget(&record.id).await?;
    }
    show(editor).await?;
    let _ = by_id::<HtmlElement>("open").focus();
    if elsewhere {
        editor.refuse("keptElsewhere");
    }
    Ok(())
}

/// Shows the list as it is now.
async fn show(editor: &Rc<Workspace>) -> Result<(), Failure> {
    let records = store::free().await?;
    let list: HtmlElement = by_id("kept-list");
    list.set_text_content(None);
    by_id::<HtmlElement>("kept-before").set_hidden(records.is_empty());
    by_id::<HtmlElement>("kept-all").set_hidden(records.len() < 2);
    for record in records {
        let row = row(editor, record)?;
        list.append_child(&row).map_err(refused)?;
    }
    Ok(())
}

/// One draft: its name, when it was changed, and two buttons.
fn row(editor: &Rc<Workspace>, record: Record) -> Result<Element, Failure> {
    let make = |name: &str| document().create_element(name).map_err(refused);
    let (item, words, when) = (make("li")?, make("span")?, make("small")?);
    let name = if record.is_edited() { i18n::text("editorEdited", &[&record.name]) } else { record.name.clone() };
    words.set_text_content(Some(&name));
    let date = js_sys::Date::new(&JsValue::from_f64(record.changed));
    when.set_text_content(date.to_locale_string(&i18n::language(), &JsValue::UNDEFINED).as_string().as_deref());
    item.append_child(&words).map_err(refused)?;
    item.append_child(&when).map_err(refused)?;
    let record = Rc::new(record);
    for (key, opens) in [("keptOpen", true), ("keptForget", false)] {
        let button: HtmlElement = make("button")?.unchecked_into();
        let label = i18n::text(key, &[]);
        attribute(&button, "type", "button");
        attribute(&button, "aria-label", &format!("{label}: {name}"));
        button.set_text_content(Some(&label));
        let (editor, record) = (Rc::clone(editor), Rc::clone(&record));
        on(&button, "click", move |_: &MouseEvent| {
            let record = Rc::clone(&record);
            act(&editor, async move |editor| {
                if opens {
                    return reopen_all(editor, std::slice::from_ref(&*record)).await;
                }
                forget(editor, std::iter::once(&*record)).await
            });
        });
        item.append_child(&button).map_err(refused)?;
    }
    Ok(item)
}
