//! What the user does with the result: save it, copy it, write it into the page, or put everything back as it was.

use super::app::App;
use super::consenting::{Destiny, destiny};
use super::failing::{begin_work, end_work, fail};
use super::leaving::{close, close_now};
use super::page::Page;
use super::painting::touched;
use super::stepping::show_edit;
use crate::browser::{i18n, object, runtime, words};
use crate::overlay::disclosure::Terms;
use crate::overlay::file_name::saved_name;
use crate::overlay::phase::{Question, Work};
use crate::protocol::engine::{Encode, FileFormat, Purpose};
use crate::protocol::page::{Apply, Revert};
use crate::protocol::{Failure, Rect};
use crate::ui::save_file::save_file;
use futures::future::{Either, select};
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::Blob;

#[wasm_bindgen]
extern "C" {
    type ClipboardItem;
    #[wasm_bindgen(constructor, catch)]
    fn new(items: &JsValue) -> Result<ClipboardItem, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["navigator", "clipboard"], js_name = write)]
    fn write_clipboard(items: &js_sys::Array) -> Result<js_sys::Promise, JsValue>;
}

/// Runs something that ends in a result, with the interface locked meanwhile.
fn locked(app: &Rc<App>, work: impl Future<Output = Result<(), Failure>> + 'static, retry: fn(&Rc<App>)) {
    let (stop, stopped) = app.jobs.stoppable();
    if !begin_work(app, Work::Keep { stop: Some(stop) }) {
        return;
    }
    let app = Rc::clone(app);
    spawn_local(async move {
        let result = match select(pin!(work), stopped).await {
            Either::Left((result, _)) => result,
            Either::Right((Ok(()), _)) => Err(Failure::Cancelled),
            // Past the point where it can be stopped.
            Either::Right((Err(_), work)) => work.await,
        };
        end_work(&app, result, retry);
    });
}

/// The picture as a file; with `part`, only these pixels of it.
async fn encoded(app: &App, format: FileFormat, purpose: Purpose, part: Option<Rect>) -> Result<Blob, Failure> {
    let noted = purpose == Purpose::File && app.edit.borrow().fills() > 0 && app.settings.values.borrow().note;
    let agent = || format!("{} {}", i18n::text("appName", &[]), runtime::version());
    let phrases = |model: &str, options: &_| app.methods.phrases(model, options);
    let note = noted.then(|| app.edit.borrow().edit_note(agent(), phrases));
    app.engine.encode(&app.edit, Encode { format, purpose, part, note }).await
}

/// Saves in the chosen format.
pub(super) fn save(app: &Rc<App>) {
    if !app.can_paint() {
        return;
    }
    let it = Rc::clone(app);
    let work = async move {
        let format = it.dock.format();
        let blob = encoded(&it, format, Purpose::File, None).await?;
        let url = it.stage.scene.borrow().picture().and_then(|picture| picture.original().map(ToOwned::to_owned));
        let name = saved_name(url.as_deref(), format, it.settings.values.borrow().keep_name);
        save_file(&blob, &name)?;
        it.edit.borrow_mut().keep();
        it.dock.lines.say("statusSaved", &[&name]);
        Ok(())
    };
    locked(app, work, save);
}

/// Puts a PNG on the clipboard.
pub(super) fn copy(app: &Rc<App>) {
    if !app.can_paint() {
        return;
    }
    let it = Rc::clone(app);
    // The clipboard takes a promise, so that the click still counts when the encoding is done.
    let encoding = future_to_promise(async move {
        let blob = encoded(&it, FileFormat::Png, Purpose::File, None).await;
        blob.map(JsValue::from).map_err(|failure| JsValue::from_str(&failure.to_string()))
    });
    let it = Rc::clone(app);
    let work = async move {
        let refused = |e: JsValue| Failure::Clipboard { detail: words(&e) };
        let item = ClipboardItem::new(&object(&[("image/png", encoding.into())])).map_err(refused)?;
        let writing = write_clipboard(&js_sys::Array::of1(&item.into())).map_err(refused)?;
        JsFuture::from(writing).await.map_err(refused)?;
        it.edit.borrow_mut().keep();
        it.dock.lines.say("statusCopied", &[]);
        Ok(())
    };
    locked(app, work, copy);
}

/// Everything as it was, here and in the page, after a question: what was made is gone then.
pub(super) fn revert(app: &Rc<App>) {
    if !app.can_paint() {
        return;
    }
    touched(app);
    let app = Rc::clone(app);
    spawn_local(async move {
        let [text, yes, no] = ["askRevert", "revert", "askUnsavedNo"].map(|key| i18n::text(key, &[]));
        if app.ask(Question::Revert, &text, &yes, &no).await {
            put_back(&app);
        }
    });
}

fn put_back(app: &Rc<App>) {
    let it = Rc::clone(app);
    let work = async move {
        let edited = it.stage.scene.borrow().picture().is_some_and(|picture| picture.edited);
        it.edit.borrow_mut().revert();
        it.stage.mask_changed();
        show_edit(&it).await?;
        it.dock.lines.hint("hintPaint");
        if edited {
            // The overlay shows a picture of an earlier edit. The page shows its own picture again.
            page(&it)?.tell(Revert, []).await?;
            close_now(&it);
        }
        it.dock.lines.announce("statusReverted", &[]);
        Ok(())
    };
    locked(app, work, put_back);
}

/// Writes the result into the page and closes, where the page may have it.
pub(super) fn done(app: &Rc<App>) {
    if !app.can_paint() {
        return;
    }
    let refused = matches!(app.stage.scene.borrow().terms(), Terms::Refused(_));
    if app.edit.borrow().fills() == 0 && !refused {
        return close(app);
    }
    touched(app);
    let it = Rc::clone(app);
    spawn_local(async move {
        match destiny(&it).await {
            Ok(Destiny::PutIn(part)) => put_in(&it, part),
            Ok(Destiny::Save) => save(&it),
            Ok(Destiny::Stay) => {}
            Err(refusal) => fail(&it, refusal, |_| {}),
        }
    });
}

/// Writes the result into the page, or a part of it, and closes.
fn put_in(app: &Rc<App>, part: Option<Rect>) {
    let it = Rc::clone(app);
    let work = async move {
        let (size, changed) = (it.stage.screen.size(), it.edit.borrow().changed());
        let (Some((width, height)), Some(changed)) = (size, changed) else { return Err(Failure::EmptyMask) };
        let blob = encoded(&it, FileFormat::Png, Purpose::Page, part).await?;
        // From here on the page is changing.
        it.enter(it.phase().unstoppable());
        it.jobs.unstoppable();
        page(&it)?.tell(Apply { changed, width, height }, [blob]).await?;
        it.edit.borrow_mut().keep();
        close_now(&it);
        Ok(())
    };
    locked(app, work, done);
}

fn page(app: &App) -> Result<Rc<Page>, Failure> {
    app.page.borrow().clone().ok_or(Failure::Gone)
}
