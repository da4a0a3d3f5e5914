//! Saves a file as the user sets it, who sees before how large it becomes and what it looks like, or drags it out of the browser.

use super::app::App;
use super::keeping::{encoded, said_of_saving};
use super::painting::touched;
use crate::overlay::file_name::saved_name;
use crate::protocol::Failure;
use crate::protocol::engine::Purpose;
use crate::ui::dom::by_id;
use crate::ui::listen::on;
use crate::ui::save_file::save_file;
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, MouseEvent};

/// How long nothing has to be set before the file is made, milliseconds.
const PAUSE: u32 = 200;

/// Listens to the sheet.
pub(super) fn bind(app: &Rc<App>) {
    let it = Rc::clone(app);
    on(&by_id::<HtmlElement>("save-as"), "click", move |_: &MouseEvent| open(&it));
    let it = Rc::downgrade(app);
    app.save_sheet.listen(move || {
        if let Some(app) = it.upgrade() {
            make(&app);
        }
    });
    let it = Rc::clone(app);
    on(&app.save_sheet.save, "click", move |_: &MouseEvent| save(&it));
}

/// Opens the sheet.
pub(super) fn open(app: &Rc<App>) {
    let size = app.edit.borrow().framed().size();
    if app.can_paint() {
        // What was painted just before is not erased by itself under the sheet.
        touched(app);
        app.dock.toolbar.close_menu();
        app.save_sheet.show(size, app.dock.format(), app.dock.native_format());
        make(app);
    }
}

/// Makes the file as it is set, once nothing has been set for a while.
fn make(app: &Rc<App>) {
    let change = app.save_sheet.begin();
    let app = Rc::clone(app);
    spawn_local(async move {
        TimeoutFuture::new(PAUSE).await;
        let _turn = app.save_sheet.turn.lock().await;
        if !app.save_sheet.is_current(change) {
            return;
        }
        if let Err(failure) = written(&app, change).await
            && app.save_sheet.is_current(change)
        {
            app.save_sheet.show_failure(&failure);
        }
    });
}

async fn written(app: &App, change: u32) -> Result<(), Failure> {
    let sheet = &app.save_sheet;
    let format = sheet.format();
    let purpose = if sheet.keeps_metadata() { Purpose::File } else { Purpose::Share };
    let file = encoded(app, format, purpose, None, Some(sheet.save_as())).await?;
    // No job runs while the sheet is open: what the engine said of its progress is over.
    app.dock.lines.progress_over();
    if sheet.is_current(change) {
        let url = app.stage.scene.borrow().picture().and_then(|picture| picture.original().map(ToOwned::to_owned));
        let name = saved_name(url.as_deref(), format, app.settings.values.borrow().keep_name);
        sheet.show_made(file, name)?;
    }
    Ok(())
}

fn save(app: &Rc<App>) {
    let Some(made) = app.save_sheet.made() else { return };
    match save_file(&made.file, &made.name) {
        Ok(()) => {
            app.save_sheet.close();
            app.edit.borrow_mut().keep();
            app.settle();
            app.dock.lines.say(said_of_saving(app), &[&made.name]);
            app.stage.focus();
        }
        Err(failure) => app.save_sheet.show_failure(&failure),
    }
}
