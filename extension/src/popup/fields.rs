//! The upload fields of the page that shows: a list with what each holds. Choosing one opens the editor for it, as the context menu does.

use crate::browser::bitmap::{self, Bitmap};
use crate::browser::{i18n, object, offers, random_uuid, refused, scripting, storage, tabs};
use crate::protocol::background::{Session, session_key};
use crate::protocol::errand::Errand;
use crate::protocol::page::FrameId;
use crate::protocol::upload::{FieldList, ListFields, ListedField, UPLOAD_SCRIPT};
use crate::protocol::{Answer, Failure};
use crate::ui::dom::{attribute, by_id, document};
use crate::ui::listen::on;
use crate::wire::{self, Incoming};
use futures::future::{Either, join_all, select};
use gloo_timers::future::TimeoutFuture;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    Blob, CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlElement, ImageBitmapOptions, MouseEvent, Url,
};

/// How many fields are listed at most.
const MOST: usize = 20;
/// Milliseconds after which a frame is not waited for: its page is busy, and the others are not kept back.
const PATIENCE: u32 = 2000;
/// Side of a thumbnail in CSS pixels.
const THUMBNAIL: u32 = 32;
/// A picture with more pixels, or so many times as long as wide, has no thumbnail: the page chooses what is decoded here.
const PIXELS: u64 = 64_000_000;
const RATIO: u32 = 32;

/// A field of a frame.
struct Field {
    token: String,
    session: Session,
    listed: ListedField,
    picture: Option<Blob>,
}

/// Lists the fields of a tab, whose page is called `host`. `open` opens the editor.
///
/// # Errors
/// When the browser lets nothing into the page. Then there is no list.
pub(super) async fn show(tab_id: i32, host: &str, open: impl Fn(Errand) + 'static) -> Result<(), Failure> {
    // Nothing is being asked any more that an earlier popup has asked.
    offers::forget_wish().await;
    let frames = scripting::inject(UPLOAD_SCRIPT, tab_id, None).await?;
    let list = random_uuid();
    let found = join_all(frames.into_iter().map(|frame_id| fields(tab_id, frame_id, &list))).await;
    let (open, rows): (Rc<dyn Fn(Errand)>, Element) = (Rc::new(open), by_id("fields-list"));
    let found = found.into_iter().flatten().take(MOST);
    let mut thumbnails = vec![];
    for (number, field) in found.enumerate() {
        let session = field.session.clone();
        storage::set_session(&session_key(&field.token), &session).await?;
        let (row, thumbnail) = row(&field, number + 1, host, &open)?;
        thumbnails.extend(field.picture.map(|picture| (thumbnail, picture)));
        rows.append_child(&row).map_err(refused)?;
        by_id::<HtmlElement>("fields").set_hidden(false);
    }
    // One after the other, so that no page fills the memory.
    spawn_local(async move {
        for (canvas, picture) in thumbnails {
            draw(&canvas, &picture).await;
        }
    });
    Ok(())
}

/// The fields of one frame; none where it does not answer.
async fn fields(tab_id: i32, frame_id: FrameId, list: &str) -> Vec<Field> {
    // The document of each frame has names of its own.
    let list = format!("{list}.{frame_id}");
    let asked = pin!(ask(tab_id, frame_id, &list));
    let Either::Left((Ok((FieldList { origin, fields }, blobs)), _)) =
        select(asked, TimeoutFuture::new(PATIENCE)).await
    else {
        return vec![];
    };
    let session = Session { tab_id, frame_id, origin: Some(origin).filter(|origin| origin.starts_with("http")) };
    let mut pictures = blobs.into_iter();
    let field = |(number, listed): (usize, ListedField)| {
        let picture = if listed.picture { pictures.next() } else { None };
        Field { token: format!("{list}-{number}"), session: session.clone(), listed, picture }
    };
    fields.into_iter().take(MOST).enumerate().map(field).collect()
}

async fn ask(tab_id: i32, frame_id: FrameId, list: &str) -> Result<(FieldList, Vec<Blob>), Failure> {
    let wanted = wire::event(&ListFields { list: list.into() }, &[])?;
    let answer = tabs::send_message(tab_id, Some(frame_id), &wanted).await?;
    let answer = Incoming::read(&answer).ok_or_else(|| Failure::Internal { detail: "no answer".into() })?;
    let fields = Result::from(answer.body::<Answer<FieldList>>()?)?;
    Ok((fields, answer.blobs))
}

/// One field: what it holds, and what the page calls it, which may be anything. With it comes the canvas for its thumbnail.
fn row(
    field: &Field,
    number: usize,
    host: &str,
    open: &Rc<dyn Fn(Errand)>,
) -> Result<(Element, HtmlCanvasElement), Failure> {
    let make = |name: &str| document().create_element(name).map_err(refused);
    let (item, button, words, name, more) = (make("li")?, make("button")?, make("span")?, make("bdi")?, make("small")?);
    let ListedField { name: called, files, .. } = &field.listed;
    let unnamed = || i18n::text("popupField", &[&number.to_string()]);
    name.set_text_content(Some(&if called.is_empty() { unnamed() } else { called.clone() }));
    let holds = if *files > 0 {
        i18n::text("popupFieldFiles", &[&files.to_string()])
    } else {
        i18n::text("popupFieldEmpty", &[])
    };
    let site = field.session.origin.as_deref().and_then(|origin| Url::new(origin).ok()).map(|url| url.host());
    let elsewhere = site.filter(|site| site != host).map(|site| format!(" · {site}"));
    more.set_text_content(Some(&(holds + &elsewhere.unwrap_or_default())));
    attribute(&button, "type", "button");
    let thumbnail: HtmlCanvasElement = make("canvas")?.unchecked_into();
    thumbnail.set_width(0);
    attribute(&thumbnail, "aria-hidden", "true");
    for (parent, child) in
        [(&words, &name), (&words, &more), (&button, &*thumbnail), (&button, &words), (&item, &button)]
    {
        parent.append_child(child).map_err(refused)?;
    }
    let (token, open) = (field.token.clone(), Rc::clone(open));
    on(&button, "click", move |_: &MouseEvent| open(Errand::Upload { token: token.clone() }));
    Ok((item, thumbnail))
}

/// Draws a picture's middle into a square. What the browser does not decode has none, nor has what is too large or too long.
async fn draw(canvas: &HtmlCanvasElement, picture: &Blob) {
    let side = THUMBNAIL * 2;
    let Ok((width, height)) = bitmap::size(picture).await else { return };
    if u64::from(width) * u64::from(height) > PIXELS || width.max(height) / width.min(height).max(1) > RATIO {
        return;
    }
    let shorter = if width < height { "resizeWidth" } else { "resizeHeight" };
    let options = object(&[(shorter, side.into()), ("resizeQuality", "medium".into())]);
    let Ok(small) = Bitmap::decode(picture, options.unchecked_ref::<ImageBitmapOptions>()).await else { return };
    canvas.set_width(side);
    canvas.set_height(side);
    let Some(context) = canvas.get_context("2d").ok().flatten() else { return };
    let context: &CanvasRenderingContext2d = context.unchecked_ref();
    let (side, width, height) = (f64::from(side), f64::from(small.width()), f64::from(small.height()));
    let scale = (side / width).max(side / height);
    let (wide, high) = (width * scale, height * scale);
    let _ = context.draw_image_with_image_bitmap_and_dw_and_dh(
        &small,
        (side - wide) / 2.0,
        (side - high) / 2.0,
        wide,
        high,
    );
}
