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
use crate::protocol::engine::{Encode, FileFormat, LeftOut, Purpose, SaveAs, Stop};
use crate::protocol::page::{Apply, DELIVERIES, Revert};
use crate::protocol::{Cutout, Failure};
use crate::ui::dom::{attribute, root};
use crate::ui::save_file::save_file;
use futures::channel::oneshot;
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::Blob;

/// How long the browser may take to put a file on the clipboard, milliseconds: of a large picture, it reads the PNG and writes another one.
const CLIPBOARD: u32 = 60_000;

#[wasm_bindgen]
extern "C" {
    type ClipboardItem;
    #[wasm_bindgen(constructor, catch)]
    fn new(items: &JsValue) -> Result<ClipboardItem, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["navigator", "clipboard"], js_name = write)]
    fn write_clipboard(items: &js_sys::Array) -> Result<js_sys::Promise, JsValue>;
}

/// Runs something that ends in a result, with the interface locked meanwhile.
fn locked(
    app: &Rc<App>,
    work: impl Future<Output = Result<(), Failure>> + 'static,
    retry: impl FnOnce(&Rc<App>) + 'static,
) {
    let (stop, stopped) = app.jobs.stoppable();
    if !begin_work(app, Work::Keep { stop: Some(stop) }) {
        return;
    }
    let app = Rc::clone(app);
    spawn_local(async move {
        let result = match select(pin!(work), stopped).await {
            Either::Left((result, _)) => result,
            Either::Right((Ok(()), _)) => {
                // Nobody waits until the engine has heard it.
                let app = Rc::clone(&app);
                spawn_local(async move { app.engine.tell(Stop).await });
                Err(Failure::Cancelled)
            }
            // Past the point where it can be stopped.
            Either::Right((Err(_), work)) => work.await,
        };
        end_work(&app, result, retry);
    });
}

/// The picture as a file; with `part`, only these pixels of it; with `save_as`, as the user has set it.
pub(super) async fn encoded(
    app: &App,
    format: FileFormat,
    purpose: Purpose,
    part: Option<Cutout>,
    save_as: Option<SaveAs>,
) -> Result<Blob, Failure> {
    let noted = purpose != Purpose::Page && app.edit.borrow().changes() > 0 && app.settings.values.borrow().note;
    let agent = || format!("{} {}", i18n::text("appName", &[]), runtime::version());
    let phrases = |model: &str, options: &_| app.methods.phrases(model, options);
    let note = noted.then(|| app.edit.borrow().edit_note(agent(), phrases));
    let framing = app.edit.borrow().framing();
    app.engine.encode(&app.edit, Encode { format, purpose, part, note, save_as, framing }).await
}

/// Saves in the chosen format.
pub(super) fn save(app: &Rc<App>) {
    if !app.can_paint() {
        return;
    }
    let it = Rc::clone(app);
    let work = async move {
        let format = it.dock.format();
        let blob = encoded(&it, format, Purpose::File, None, None).await?;
        let url = it.stage.scene.borrow().picture().and_then(|picture| picture.original().map(ToOwned::to_owned));
        let name = saved_name(url.as_deref(), format, it.settings.values.borrow().keep_name);
        save_file(&blob, &name)?;
        it.edit.borrow_mut().keep();
        it.dock.lines.say(said_of_saving(&it), &[&name]);
        Ok(())
    };
    locked(app, work, save);
}

/// The sentence that says that a file was saved, and what of its source is not in it.
pub(super) fn said_of_saving(app: &App) -> &'static str {
    match app.left_out.get() {
        None => "statusSaved",
        Some(LeftOut::GainMap) => "statusSavedNoGainMap",
        Some(LeftOut::Video) => "statusSavedNoVideo",
    }
}

/// Puts a PNG on the clipboard.
pub(super) fn copy(app: &Rc<App>) {
    if !app.can_paint() {
        return;
    }
    // The clipboard takes a promise, so that the click still counts when the encoding is done. Who stops the work drops `file`, and nothing is
    // copied then, also where the encoding ends at that moment.
    let (file, promised) = oneshot::channel::<Blob>();
    let encoding = future_to_promise(async move {
        promised.await.map(JsValue::from).map_err(|_| JsValue::from_str("nothing is copied"))
    });
    let it = Rc::clone(app);
    let work = async move {
        let refused = |e: JsValue| Failure::Clipboard { detail: words(&e) };
        let item = ClipboardItem::new(&object(&[("image/png", encoding.into())])).map_err(refused)?;
        let writing = JsFuture::from(write_clipboard(&js_sys::Array::of1(&item.into())).map_err(refused)?);
        let encoded = encoded(&it, FileFormat::Png, Purpose::Copy, None, None).await?;
        // From here on the browser has it.
        it.enter(it.phase().unstoppable());
        it.jobs.unstoppable();
        let _ = file.send(encoded);
        let late = async {
            TimeoutFuture::new(CLIPBOARD).await;
            Err("it did not answer".into())
        };
        match select(pin!(writing), pin!(late)).await {
            Either::Left((written, _)) => written.map(drop),
            Either::Right((late, _)) => late,
        }
        .map_err(refused)?;
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
    // The page would show it distorted, or as large as it was.
    if app.edit.borrow().framing().is_some() {
        return app.dock.lines.say("hintFramedDone", &[]);
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
fn put_in(app: &Rc<App>, part: Option<Cutout>) {
    let it = Rc::clone(app);
    let work = async move {
        let (size, changed) = (it.stage.screen.size(), it.edit.borrow().changed());
        let (Some((width, height)), Some(changed)) = (size, changed) else { return Err(Failure::EmptyMask) };
        let blob = encoded(&it, FileFormat::Png, Purpose::Page, part, None).await?;
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

/// Counts the deliveries that have ended in `html[data-deliveries]`, where the editor reads it: well or badly, stopped, or not even begun.
struct Delivery;

impl Drop for Delivery {
    fn drop(&mut self) {
        let before = root().get_attribute(DELIVERIES).and_then(|count| count.parse().ok()).unwrap_or(0u32);
        attribute(&root(), DELIVERIES, &before.wrapping_add(1).to_string());
    }
}

/// Gives the editor the result as a file, for somebody else: with the metadata of the source only if it is wanted.
pub(super) fn deliver(app: &Rc<App>, metadata: bool) {
    let it = Rc::clone(app);
    let delivery = Delivery;
    let work = async move {
        // It ends with this work, also where that is given up in the middle.
        let _delivery = delivery;
        let purpose = if metadata { Purpose::File } else { Purpose::Share };
        let (changed, (width, height)) = (it.edit.borrow().changed(), it.edit.borrow().framed().size());
        let blob = encoded(&it, it.dock.format(), purpose, None, None).await?;
        page(&it)?.tell(Apply { changed: changed.unwrap_or_default(), width, height }, [blob]).await?;
        it.edit.borrow_mut().keep();
        Ok(())
    };
    locked(app, work, move |app| deliver(app, metadata));
}

fn page(app: &App) -> Result<Rc<Page>, Failure> {
    app.page.borrow().clone().ok_or(Failure::Gone)
}
