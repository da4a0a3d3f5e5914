//! What the buttons do.

use super::app::{App, Part, State, TOOLS, Tool};
use super::dom::{attribute, on, root, window};
use super::opening::{ERASE_ON_RELEASE, file_name};
use super::page::unexpected;
use crate::browser::{i18n, object, runtime, storage, words};
use crate::overlay::history::Crossed;
use crate::overlay::mask::MaskOp;
use crate::protocol::Failure;
use crate::protocol::engine::{EngineReply, FileFormat, Purpose, ToEngine};
use crate::protocol::page::{PageReply, PictureKind, ToPage};
use crate::ui::save_file::save_file;
use futures::channel::oneshot;
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use web_sys::{Blob, Event, MouseEvent, PointerEvent};

/// How long closing waits for the engine, milliseconds.
const RELEASE: u32 = 300;

#[wasm_bindgen]
extern "C" {
    type ClipboardItem;
    #[wasm_bindgen(constructor, catch)]
    fn new(items: &JsValue) -> Result<ClipboardItem, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["navigator", "clipboard"], js_name = write)]
    fn write_clipboard(items: &js_sys::Array) -> Result<js_sys::Promise, JsValue>;
}

/// Listens to every control.
pub(super) fn bind(app: &Rc<App>) {
    let click = |id: &str, action: fn(&Rc<App>)| {
        let it = Rc::clone(app);
        on(&app.dom.button(id), "click", move |_: &MouseEvent| action(&it));
    };
    click("tool-brush", |app| app.choose(Tool::Brush));
    click("tool-eraser", |app| app.choose(Tool::Eraser));
    click("tool-rectangle", |app| app.choose(Tool::Rectangle));
    click("tool-lasso", |app| app.choose(Tool::Lasso));
    click("clear", |app| app.paint(MaskOp::Clear));
    click("invert", |app| app.paint(MaskOp::Invert));
    click("undo", App::undo);
    click("redo", App::redo);
    click("erase", App::erase);
    click("again", App::try_again);
    click("cancel", App::escape);
    click("save", |app| app.save());
    click("copy", |app| app.copy());
    click("revert", App::revert);
    click("done", App::done);
    click("close", App::close);
    click("help", |app| app.show_help());
    click("help-close", |app| app.dom.help_sheet.close());
    click("notice-yes", |app| _ = app.answer(true));
    click("notice-no", |app| _ = app.answer(false));
    click("auto", |app| {
        let auto = !app.erase_on_release.get();
        app.set_erase_on_release(auto);
        spawn_local(async move {
            // A setting that could not be kept is set again next time.
            let _ = storage::set_local(ERASE_ON_RELEASE, &auto).await;
        });
    });
    let compare = app.dom.button("compare");
    for (name, showing) in
        [("pointerdown", true), ("pointerup", false), ("pointerleave", false), ("pointercancel", false)]
    {
        let it = Rc::clone(app);
        on(&compare, name, move |_: &PointerEvent| it.compare(showing));
    }
    for (name, showing) in [("keydown", true), ("keyup", false)] {
        let it = Rc::clone(app);
        on(&compare, name, move |event: &web_sys::KeyboardEvent| {
            if matches!(event.key().as_str(), " " | "Enter") {
                it.compare(showing);
            }
        });
    }
    let it = Rc::clone(app);
    on(&app.dom.size, "input", move |_: &Event| {
        let along = it.dom.size.value_as_number();
        it.set_radius(it.radius_at(along));
    });
}

impl App {
    pub(super) fn choose(&self, tool: Tool) {
        self.tool.set(tool);
        for (each, id, name) in TOOLS {
            let button = self.dom.button(id);
            attribute(&button, "aria-checked", if each == tool { "true" } else { "false" });
            button.set_tab_index(if each == tool { 0 } else { -1 });
            if each == tool {
                self.announce("statusTool", &[&i18n::text(name, &[])]);
            }
        }
        self.request_frame();
    }

    pub(super) fn set_erase_on_release(&self, auto: bool) {
        self.erase_on_release.set(auto);
        attribute(&self.dom.auto, "aria-pressed", if auto { "true" } else { "false" });
    }

    pub(super) fn set_native_format(&self, format: FileFormat) {
        self.native_format.set(format);
        self.dom.format.set_value(name(format));
    }

    fn chosen_format(&self) -> FileFormat {
        let formats = [FileFormat::Png, FileFormat::Jpeg, FileFormat::Webp];
        let value = self.dom.format.value();
        formats.into_iter().find(|f| name(*f) == value).unwrap_or(self.native_format.get())
    }

    pub(super) fn show_help(&self) {
        // Only a sheet that is already open refuses.
        let _ = self.dom.help_sheet.show_modal();
    }

    /// The mask is being worked on: an automatic erase waits for the next rest, and an old complaint is over.
    pub(super) fn touched(&self) {
        self.rest.set(self.rest.get().wrapping_add(1));
        if self.state.get() == State::Failed {
            self.dismiss();
            self.settle();
        }
    }

    /// One step on the whole mask.
    fn paint(self: &Rc<Self>, op: MaskOp) {
        if !self.can_paint() {
            return;
        }
        self.touched();
        self.finish_stroke();
        self.mask.borrow_mut().apply(&op);
        if op == MaskOp::Clear {
            self.hint("hintMaskClear");
        }
        self.history.borrow_mut().painted(op);
        self.settle();
        self.mask_changed();
    }

    /// Unlocks the interface and says how the work ended.
    pub(super) fn work_over(self: &Rc<Self>, result: Result<(), Failure>, retry: impl FnOnce(&Rc<Self>) + 'static) {
        self.busy.set(false);
        *self.stop_work.borrow_mut() = None;
        if result.is_err() && self.redraw(self.fills()).is_err() {
            web_sys::console::warn_1(&"the picture cannot be drawn".into());
        }
        match result {
            Ok(()) => {
                self.progress_over();
                self.settle();
            }
            Err(Failure::Cancelled) => {
                self.progress_over();
                self.announce("statusCancelled", &[]);
                self.settle();
            }
            Err(failure) => self.fail(failure, move |app| retry(&app)),
        }
    }

    pub(super) fn redraw(&self, fills: usize) -> Result<(), Failure> {
        match &*self.shown.borrow() {
            Some(shown) => shown.draw(fills),
            None => Ok(()),
        }
    }

    pub(super) fn undo(self: &Rc<Self>) {
        self.step(false);
    }

    pub(super) fn redo(self: &Rc<Self>) {
        self.step(true);
    }

    fn step(self: &Rc<Self>, forward: bool) {
        if !self.can_paint() {
            return;
        }
        self.touched();
        self.finish_stroke();
        let crossed = if forward { self.history.borrow_mut().redo() } else { self.history.borrow_mut().undo() };
        let Some(crossed) = crossed else { return };
        self.replay_mask();
        self.announce(if forward { "statusRedone" } else { "statusUndone" }, &[]);
        self.settle();
        if let Crossed::Fill { fills } = crossed {
            let app = Rc::clone(self);
            spawn_local(async move {
                if let Err(failure) = app.show_fills(fills).await {
                    app.fail(failure, |_| {});
                }
            });
        }
    }

    async fn show_fills(&self, fills: usize) -> Result<(), Failure> {
        self.redraw(fills)?;
        self.show_variations();
        attribute(&root(), "data-fills", &fills.to_string());
        self.engine.rewind(fills).await
    }

    /// Shows the original while it is held.
    pub(super) fn compare(&self, showing: bool) {
        if self.comparing.get() == showing || !self.has_picture() || (showing && self.fills() == 0) {
            return;
        }
        self.comparing.set(showing);
        if showing {
            attribute(&root(), "data-compare", "");
        } else {
            // Absent is what is wanted.
            let _ = root().remove_attribute("data-compare");
        }
        attribute(&self.dom.button("compare"), "aria-pressed", if showing { "true" } else { "false" });
        let fills = if showing { 0 } else { self.fills() };
        if let Err(failure) = self.redraw(fills) {
            web_sys::console::warn_1(&failure.to_string().into());
        }
    }

    /// The picture as a file.
    async fn encoded(&self, format: FileFormat, purpose: Purpose) -> Result<Blob, Failure> {
        let noted = purpose == Purpose::File && self.fills() > 0 && self.settings.borrow().note;
        let note = noted.then(|| self.edit_note(format!("{} {}", i18n::text("appName", &[]), runtime::version())));
        match self.engine.call(&ToEngine::Encode { format, purpose, note }, &[]).await? {
            (EngineReply::Encoded, Some(blob)) => Ok(blob),
            _ => Err(Failure::Internal { detail: "the engine answered something else".into() }),
        }
    }

    /// Runs something that ends in a result, with the interface locked meanwhile.
    fn locked(self: &Rc<Self>, work: impl Future<Output = Result<(), Failure>> + 'static, retry: fn(&Rc<Self>)) {
        let app = Rc::clone(self);
        self.touched();
        self.busy.set(true);
        self.set_state(State::Running);
        let (stop, stopped) = oneshot::channel();
        *self.stop_work.borrow_mut() = Some(stop);
        spawn_local(async move {
            let result = match select(pin!(work), stopped).await {
                Either::Left((result, _)) => result,
                Either::Right((Ok(()), _)) => Err(Failure::Cancelled),
                // Past the point where it can be stopped.
                Either::Right((Err(_), work)) => work.await,
            };
            app.work_over(result, retry);
        });
    }

    /// Saves in the chosen format.
    pub(super) fn save(self: &Rc<Self>) {
        if !self.can_paint() {
            return;
        }
        let app = Rc::clone(self);
        let work = async move {
            let format = app.chosen_format();
            let blob = app.encoded(format, Purpose::File).await?;
            save_file(&blob, &app.saved_name(format))?;
            app.kept.set(app.fills());
            app.announce("statusSaved", &[]);
            Ok(())
        };
        self.locked(work, |app| app.save());
    }

    fn saved_name(&self, format: FileFormat) -> String {
        let original = file_name(self.picture.borrow().as_ref().and_then(|p| p.url.as_deref()));
        let stem = original.rsplit_once('.').map_or(original.as_str(), |(stem, _)| stem);
        let safe: String = stem
            .chars()
            .map(|c| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c })
            .take(100)
            .collect();
        format!("{safe}.{}", format.extension())
    }

    /// Puts a PNG on the clipboard.
    pub(super) fn copy(self: &Rc<Self>) {
        if !self.can_paint() {
            return;
        }
        let app = Rc::clone(self);
        // The clipboard takes a promise, so that the click still counts when the encoding is done.
        let encoding = future_to_promise(async move {
            let blob = app.encoded(FileFormat::Png, Purpose::File).await;
            blob.map(JsValue::from).map_err(|failure| JsValue::from_str(&failure.to_string()))
        });
        let app = Rc::clone(self);
        let work = async move {
            let refused = |e: JsValue| Failure::Clipboard { detail: words(&e) };
            let item = ClipboardItem::new(&object(&[("image/png", encoding.into())])).map_err(refused)?;
            let writing = write_clipboard(&js_sys::Array::of1(&item.into())).map_err(refused)?;
            JsFuture::from(writing).await.map_err(refused)?;
            app.kept.set(app.fills());
            app.announce("statusCopied", &[]);
            Ok(())
        };
        self.locked(work, |app| app.copy());
    }

    /// Everything as it was, here and in the page.
    pub(super) fn revert(self: &Rc<Self>) {
        if !self.can_paint() {
            return;
        }
        let app = Rc::clone(self);
        let work = async move {
            let edited = app.picture.borrow().as_ref().is_some_and(|p| p.edited);
            app.mask.borrow_mut().replay([]);
            app.history.borrow_mut().clear();
            app.variations.borrow_mut().clear();
            app.show_fills(0).await?;
            app.kept.set(0);
            app.mask_changed();
            app.hint("hintPaint");
            if edited {
                // What is open is the edited picture; the page's own comes back on its place.
                app.tell_page(&ToPage::Revert, &[]).await?;
                app.announce("statusReverted", &[]);
                app.close_now();
            }
            app.announce("statusReverted", &[]);
            Ok(())
        };
        self.locked(work, App::revert);
    }

    async fn tell_page(&self, call: &ToPage, blobs: &[Blob]) -> Result<(), Failure> {
        let page = self.page.borrow().clone().ok_or(Failure::Gone)?;
        match page.call(call, blobs).await? {
            (PageReply::Done, _) => Ok(()),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Writes the result into the page and closes.
    pub(super) fn done(self: &Rc<Self>) {
        if !self.can_paint() {
            return;
        }
        if self.fills() == 0 {
            return self.close();
        }
        let kind = self.picture.borrow().as_ref().map(|p| p.kind);
        let partial = self.part.get() != Part::WHOLE || self.fixed.get().is_some();
        if kind == Some(PictureKind::Video) || partial {
            return self.fail(Failure::NotReplaceable, |_| {});
        }
        let app = Rc::clone(self);
        let work = async move {
            let size = app.shown.borrow().as_ref().map(|s| (s.size(), s.changed(app.fills())));
            let Some(((width, height), Some(changed))) = size else { return Err(Failure::EmptyMask) };
            let blob = app.encoded(FileFormat::Png, Purpose::Page).await?;
            // From here on the page is changing.
            *app.stop_work.borrow_mut() = None;
            app.tell_page(&ToPage::Apply { changed, width, height }, &[blob]).await?;
            app.kept.set(app.fills());
            app.close_now();
            Ok(())
        };
        self.locked(work, App::done);
    }

    /// Closes, after one question when something would be lost.
    pub(super) fn close(self: &Rc<Self>) {
        if self.state.get() == State::Closing {
            return;
        }
        if self.busy.get() {
            // First stop what runs; the next press closes.
            return self.escape();
        }
        if !self.unsaved() || self.asked_to_close.get() {
            return self.close_now();
        }
        let app = Rc::clone(self);
        self.touched();
        self.asked_to_close.set(true);
        self.set_state(State::Asking);
        spawn_local(async move {
            let (text, yes) = (i18n::text("askUnsaved", &[]), i18n::text("askUnsavedYes", &[]));
            let discard = app.ask(&text, &yes, Some(&i18n::text("askUnsavedNo", &[]))).await;
            app.asked_to_close.set(false);
            if discard {
                app.close_now();
            } else {
                app.settle();
            }
        });
    }

    /// Escape: cancels the job, else answers no, else drops the paint, else closes.
    pub(super) fn escape(self: &Rc<Self>) {
        if self.state.get() == State::Closing {
            return;
        }
        if let Some(job) = self.job.get() {
            let app = Rc::clone(self);
            // The job's own answer says that it is over.
            spawn_local(async move { app.engine.tell(&ToEngine::Cancel { job }).await });
            return;
        }
        if let Some(stop) = self.stop_work.borrow_mut().take() {
            // It may have ended at this very moment.
            let _ = stop.send(());
            return;
        }
        if self.busy.get() {
            return;
        }
        if matches!(self.state.get(), State::Asking | State::Failed) && self.answer(false) {
            return;
        }
        if self.gesture.borrow().paints() {
            return self.cancel_gesture();
        }
        let painted = self.mask.borrow().extent().is_some();
        if painted && self.can_paint() {
            return self.paint(MaskOp::Clear);
        }
        self.close();
    }

    /// Takes the overlay off the page.
    pub(super) async fn close_page(&self) {
        self.set_state(State::Closing);
        // An engine that is deep in work must not keep the page waiting.
        let release = pin!(self.engine.tell(&ToEngine::Release));
        select(release, TimeoutFuture::new(RELEASE)).await;
        if self.tell_page(&ToPage::Close, &[]).await.is_err() || self.in_tab {
            // The page is gone, or this is a tab of its own.
            let _ = window().close();
        }
    }

    pub(super) fn close_now(self: &Rc<Self>) {
        let app = Rc::clone(self);
        self.set_state(State::Closing);
        spawn_local(async move { app.close_page().await });
    }
}

fn name(format: FileFormat) -> &'static str {
    match format {
        FileFormat::Png => "png",
        FileFormat::Jpeg => "jpeg",
        FileFormat::Webp => "webp",
    }
}
