//! The first results, small, before anything is kept: the file with a frame around what was painted, and its result.

use super::lane::{Edited, Lane};
use super::task::Task;
use crate::browser::bitmap::Bitmap;
use crate::browser::{i18n, object, refused};
use crate::protocol::Failure;
use crate::ui::dom::{by_id, document};
use crate::ui::sentences;
use wasm_bindgen::JsCast;
use web_sys::{Blob, CanvasRenderingContext2d, Element, HtmlCanvasElement, ImageBitmapOptions};

/// How many files are proved.
pub(super) const PROOFS: usize = 3;
/// Height of a small picture, pixels: twice that on the screen.
const HEIGHT: u32 = 240;

/// Removes what shows.
pub(super) fn clear() {
    by_id::<Element>("batch-proofs").replace_children_with_node_0();
}

/// Shows what becomes of a file.
///
/// # Errors
/// When the browser refuses. What the file fails with shows in its place.
pub(super) async fn show(
    lane: &Lane,
    name: &str,
    file: &Blob,
    task: &Task,
    is_wanted: impl Fn() -> bool,
) -> Result<(), Failure> {
    let edited = lane.edit(file, task).await;
    if !is_wanted() {
        return Ok(());
    }
    let figure = document().create_element("figure").map_err(refused)?;
    let caption = document().create_element("figcaption").map_err(refused)?;
    match edited {
        Ok(Some(edited)) => {
            let before = drawn(file, &edited, true).await?;
            let after = drawn(&edited.file, &edited, false).await?;
            figure.append_with_node_2(&before, &after).map_err(refused)?;
            caption.set_text_content(Some(name));
        }
        Ok(None) => caption.set_text_content(Some(&format!("{name}: {}", i18n::text("batchNothing", &[])))),
        Err(failure) => caption.set_text_content(Some(&format!("{name}: {}", sentences::failure(&failure)))),
    }
    figure.append_with_node_1(&caption).map_err(refused)?;
    if is_wanted() {
        by_id::<Element>("batch-proofs").append_with_node_1(&figure).map_err(refused)?;
    }
    Ok(())
}

/// A small picture of a file, with a frame around what was painted or without.
async fn drawn(file: &Blob, edited: &Edited, framed: bool) -> Result<HtmlCanvasElement, Failure> {
    let options = object(&[("resizeHeight", HEIGHT.into()), ("resizeQuality", "medium".into())]);
    let canvas: HtmlCanvasElement = document().create_element("canvas").map_err(refused)?.unchecked_into();
    let Ok(small) = Bitmap::decode(file, options.unchecked_ref::<ImageBitmapOptions>()).await else {
        // The browser does not open every file that the engine does.
        return Ok(canvas);
    };
    canvas.set_width(small.width());
    canvas.set_height(small.height());
    let context = canvas.get_context("2d").map_err(refused)?;
    let Some(context) = context.and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok()) else {
        return Ok(canvas);
    };
    context.draw_image_with_image_bitmap(&small, 0.0, 0.0).map_err(refused)?;
    if framed {
        let (across, down) = (
            f64::from(small.width()) / f64::from(edited.size.0.max(1)),
            f64::from(small.height()) / f64::from(edited.size.1.max(1)),
        );
        let rect = edited.rect;
        // Light on dark, so that it shows on every ground.
        for (width, colour) in [(5.0, "#000"), (2.5, "#ff3d8b")] {
            context.set_line_width(width);
            context.set_stroke_style_str(colour);
            let (x, y) = (f64::from(rect.x) * across, f64::from(rect.y) * down);
            context.stroke_rect(x, y, f64::from(rect.width) * across, f64::from(rect.height) * down);
        }
    }
    Ok(canvas)
}
