//! The same mask again: where the user painted last is painted on this picture, too; masks are saved as files, and read.

use super::app::App;
use super::bitmaps::{scratch, to_png};
use super::failing::fail;
use super::last_mask::{Laid, Memory};
use super::painting::{finish_stroke, touched};
use crate::browser::bitmap::Bitmap;
use crate::browser::{i18n, refused};
use crate::masks::file::{Reading, row};
use crate::masks::laying::{Places, Way};
use crate::overlay::file_name::mask_name;
use crate::overlay::host::Host;
use crate::overlay::phase::Phase;
use crate::protocol::Failure;
use crate::ui::dom::by_id;
use crate::ui::listen::on;
use crate::ui::save_file::save_file;
use std::rc::Rc;
use wasm_bindgen::Clamped;
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    Blob, ColorSpaceConversion, Event, HtmlInputElement, ImageBitmapOptions, ImageData, MouseEvent, PremultiplyAlpha,
};

/// Rows of a mask's file that are in memory at a time.
const ROWS: u32 = 256;

/// Listens to the chooser of files.
pub(super) fn bind(app: &Rc<App>) {
    let chooser: HtmlInputElement = by_id("mask-file");
    let opener = chooser.clone();
    on(&by_id::<web_sys::HtmlElement>("load-mask"), "click", move |_: &MouseEvent| opener.click());
    let it = Rc::clone(app);
    on(&chooser.clone(), "change", move |_: &Event| {
        if let Some(file) = chooser.files().and_then(|files| files.get(0)) {
            load(&it, file.into());
        }
        // Emptied, so that choosing the same file again is a change.
        chooser.set_value("");
    });
}

/// Keeps where the edit is painted, after each change of it.
pub(super) fn keep(app: &App, phase: Phase) {
    if app.stage.screen.is_open() && !matches!(phase, Phase::Opening | Phase::Asking(_)) {
        app.last_mask.follow(&app.edit.borrow(), memory(app));
    }
}

/// Who may remember what is done here.
fn memory(app: &App) -> Memory {
    let private = app.page.borrow().as_ref().is_none_or(|page| page.audience.incognito);
    match app.stage.scene.borrow().host {
        _ if !private => Memory::Browser,
        Host::Editor => Memory::Editor,
        Host::Shim | Host::Tab => Memory::Overlay,
    }
}

/// Lays the last mask on this picture; where that was done just now, in the next way.
pub(super) fn same_again(app: &Rc<App>) {
    if !app.can_paint() {
        return;
    }
    touched(app);
    finish_stroke(app);
    if let Some(laid) = just_laid(app) {
        return lay(app, laid.from, Some(laid.way));
    }
    let app = Rc::clone(app);
    spawn_local(async move {
        match app.last_mask.last(memory(&app)).await {
            Some(places) => lay(&app, places, None),
            None => app.dock.lines.say("hintNoMask", &[]),
        }
    });
}

/// What was laid on this picture, if nothing was painted since.
fn just_laid(app: &App) -> Option<Laid> {
    let laid = app.last_mask.laid.borrow().clone()?;
    (app.edit.borrow().painted_last() == Some(&laid.op)).then_some(laid)
}

/// Paints a mask in the way after `before`. Nothing erases it unasked: the user sees first whether it fits.
fn lay(app: &Rc<App>, from: Places, before: Option<Way>) {
    let Some(size) = app.stage.screen.size().filter(|_| app.can_paint()) else { return };
    let ways = from.ways(size);
    let next = before.and_then(|before| ways.iter().position(|way| *way == before)).map_or(0, |at| at + 1);
    let Some(way) = ways.get(next % ways.len().max(1)).copied() else { return };
    let Some(op) = from.laid(way, size) else { return };
    touched(app);
    finish_stroke(app);
    let replaced = just_laid(app).map(|laid| laid.op);
    *app.last_mask.laid.borrow_mut() = Some(Laid { from, way, op: op.clone() });
    app.edit.borrow_mut().paint_instead(replaced.as_ref(), op);
    let sentence = match way {
        Way::Same => "statusLaidSame",
        Way::Corner => "statusLaidCorner",
        Way::Scaled => "statusLaidScaled",
        Way::Pixels => "statusLaidPixels",
    };
    let names = ["erase", "samePlace"].map(|key| i18n::text(key, &[]));
    app.dock.lines.say(sentence, &[&names[0], &names[1]]);
    app.settle();
    app.stage.mask_changed();
    app.stage.focus();
}

/// Saves where this picture was erased and is painted as a file: white there, black elsewhere.
pub(super) fn save(app: &Rc<App>) {
    if !app.can_paint() {
        return;
    }
    touched(app);
    finish_stroke(app);
    let Some(places) = app.edit.borrow().places() else { return fail(app, Failure::EmptyMask, |_| {}) };
    let app = Rc::clone(app);
    spawn_local(async move {
        let url = app.stage.scene.borrow().picture().and_then(|picture| picture.original().map(ToOwned::to_owned));
        let name = mask_name(url.as_deref());
        match written(&places).await.and_then(|file| save_file(&file, &name)) {
            Ok(()) => app.dock.lines.say("statusSaved", &[&name]),
            Err(failure) => fail(&app, failure, |app| save(&app)),
        }
    });
}

async fn written(places: &Places) -> Result<Blob, Failure> {
    let (canvas, context) = scratch(places.width, places.height)?;
    let coverage = places.coverage();
    for top in (0..places.height).step_by(ROWS as usize) {
        let bottom = (top + ROWS).min(places.height);
        let rows: Vec<u8> = (top..bottom).flat_map(|y| row(places, &coverage, y)).collect();
        let data = ImageData::new_with_u8_clamped_array(Clamped(&rows), places.width).map_err(refused)?;
        context.put_image_data(&data, 0.0, f64::from(top)).map_err(refused)?;
    }
    to_png(&canvas).await
}

/// Lays the mask in a file on this picture.
fn load(app: &Rc<App>, file: Blob) {
    if !app.can_paint() {
        return;
    }
    touched(app);
    let app = Rc::clone(app);
    spawn_local(async move {
        match read(&file).await {
            Ok(Some(places)) => {
                app.last_mask.keep(places.clone(), memory(&app));
                lay(&app, places, None);
            }
            Ok(None) => app.dock.lines.say("hintEmptyMaskFile", &[]),
            Err(failure) => fail(&app, failure, |_| {}),
        }
    });
}

async fn read(file: &Blob) -> Result<Option<Places>, Failure> {
    let options = ImageBitmapOptions::new();
    // Numbers, not colours.
    options.set_color_space_conversion(ColorSpaceConversion::None);
    options.set_premultiply_alpha(PremultiplyAlpha::None);
    let picture = Bitmap::decode(file, &options).await?;
    let (width, height) = (picture.width(), picture.height());
    let mut reading = Reading::new(width, height);
    let (_, context) = scratch(width, ROWS.min(height))?;
    for top in (0..height).step_by(ROWS as usize) {
        let rows = ROWS.min(height - top);
        let side = f64::from(width);
        context.clear_rect(0.0, 0.0, side, f64::from(rows));
        context.draw_image_with_image_bitmap(&picture, 0.0, -f64::from(top)).map_err(refused)?;
        let data = context.get_image_data(0.0, 0.0, side, f64::from(rows)).map_err(refused)?;
        reading.read(&data.data().0);
    }
    Ok(reading.places())
}
