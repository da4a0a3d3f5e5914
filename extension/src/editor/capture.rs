//! Captures a whole page: scrolls it from window to window, and puts the captures together.

use super::intake::{fetched, unnamed};
use super::picture::Given;
use super::reach::{reach, within};
use super::tiles::Plan;
use crate::browser::bitmap::Bitmap;
use crate::browser::{action, object, refused, scripting, tabs};
use crate::protocol::Failure;
use crate::protocol::scroll::{SCROLL_PORT, ScrollTo, Scrolled, Survey, Surveyed, ToScroller};
use crate::ui::dom::now;
use crate::wire::Caller;
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ImageBitmapOptions, ImageEncodeOptions, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

/// The script that scrolls.
const SCRIPT: &str = "scroll.js";
/// The browser captures a tab twice a second at most. Milliseconds between two captures.
const PAUSE: f64 = 550.0;
/// Milliseconds after which a page has failed that does not let the script in, that was not surveyed, that does not get where it has to. The script
/// itself waits for less in each of them, unless the page keeps it from running.
const ENTER: u32 = 10_000;
const SURVEY: u32 = 30_000;
const SCROLL: u32 = 15_000;

/// What was captured.
pub(super) struct Captured {
    pub given: Given,
    /// How much of the page is in it, 0 to 1, where not all of it fits.
    pub share: f64,
    /// Whether a large part of the page scrolls by itself.
    pub inner: bool,
    /// Whether the page is wider than the window.
    pub wide: bool,
    /// Whether the page was longer at the end than at the beginning.
    pub grown: bool,
    /// Why it ended before the end of the page; none where it did not.
    pub ended: Option<Failure>,
}

/// Captures all of the page in a tab, which has to show as long as that takes. `tell` hears how many per cent are done.
///
/// # Errors
/// When nothing of it could be captured.
pub(super) async fn whole_page(tab_id: i32, tell: impl Fn(usize)) -> Result<Captured, Failure> {
    within(ENTER, scripting::inject(SCRIPT, tab_id, Some(0))).await?;
    let (port, caller) = reach(tab_id, 0, SCROLL_PORT)?;
    let captured = captured(tab_id, &caller, tell).await;
    // Puts the page back as it was.
    port.disconnect();
    action::set_badge(tab_id, "").await;
    captured
}

async fn captured(tab_id: i32, caller: &Caller<ToScroller>, tell: impl Fn(usize)) -> Result<Captured, Failure> {
    let (surveyed, []) = within(SURVEY, caller.call(Survey, [])).await?;
    let plan = Plan::of(&surveyed).ok_or_else(|| Failure::Unreadable { detail: "the page is empty".into() })?;
    let mut sheet = Sheet::new(&plan, &surveyed)?;
    let (mut ended, mut last, mut grown, mut stuck) = (None, f64::NEG_INFINITY, false, false);
    for (number, top) in plan.tops.iter().enumerate() {
        let percent = number * 100 / plan.tops.len();
        action::set_badge(tab_id, &format!("{percent}%")).await;
        tell(percent);
        let (wanted, last_one) = (*top, number + 1 == plan.tops.len());
        let scroll = ScrollTo { top: wanted, last: last_one };
        let window = async {
            let (Scrolled { top, height }, []) = within(SCROLL, caller.call(scroll, [])).await?;
            grown = height > surveyed.height + 1.0;
            // A page that does not scroll as far as it says scrolls something inside.
            stuck |= top + 2.0 < wanted.min(height - surveyed.view);
            TimeoutFuture::new((last + PAUSE - now()).clamp(0.0, PAUSE) as u32).await;
            last = now();
            sheet.lay(plan.row(top), &tabs::capture_of(tab_id).await?.0).await
        };
        if let Err(failure) = window.await {
            ended = Some(failure);
            break;
        }
    }
    match ended {
        // The user wants none of it.
        Some(Failure::Cancelled) => Err(Failure::Cancelled),
        Some(failure) if sheet.rows == 0 => Err(failure),
        ended => {
            let title = tabs::title(tab_id).await.unwrap_or_default();
            let name = if title.is_empty() { unnamed("image/png") } else { format!("{title}.png") };
            let given = Given { file: sheet.file().await?, name, last_modified: None };
            let inner = surveyed.inner || stuck;
            Ok(Captured { given, share: plan.share, inner, wide: surveyed.wide, grown, ended })
        }
    }
}

/// The picture that is put together.
struct Sheet {
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
    /// What of a capture is the page's, device pixels: the rest is scrollbars.
    part: (f64, f64),
    /// How many rows there are by now.
    rows: u32,
}

impl Sheet {
    fn new(plan: &Plan, page: &Surveyed) -> Result<Self, Failure> {
        let canvas = OffscreenCanvas::new(plan.width, plan.height).map_err(refused)?;
        let too_large = || Failure::TooLarge { width: plan.width, height: plan.height };
        let context = context(&canvas)?.ok_or_else(too_large)?;
        Ok(Self { canvas, context, part: (f64::from(plan.width), (page.view * page.dpr).round()), rows: 0 })
    }

    /// Lays a capture, a `data:` URL, on the rows from `row` on.
    async fn lay(&mut self, row: u32, url: &str) -> Result<(), Failure> {
        let file = fetched(url).await?;
        let options = object(&[("colorSpaceConversion", "none".into())]);
        let capture = Bitmap::decode(&file, options.unchecked_ref::<ImageBitmapOptions>()).await?;
        let (wide, high) = (self.part.0.min(f64::from(capture.width())), self.part.1.min(f64::from(capture.height())));
        self.context
            .draw_image_with_image_bitmap_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                &capture,
                0.0,
                0.0,
                wide,
                high,
                0.0,
                f64::from(row),
                wide,
                high,
            )
            .map_err(refused)?;
        self.rows = self.rows.max((row + high as u32).min(self.canvas.height()));
        Ok(())
    }

    /// All rows that there are, as a file.
    async fn file(self) -> Result<Blob, Failure> {
        let mut canvas = self.canvas;
        if self.rows < canvas.height() {
            let cut = OffscreenCanvas::new(canvas.width(), self.rows).map_err(refused)?;
            if let Some(context) = context(&cut)? {
                context.draw_image_with_offscreen_canvas(&canvas, 0.0, 0.0).map_err(refused)?;
            }
            canvas = cut;
        }
        let options = ImageEncodeOptions::new();
        options.set_type("image/png");
        let writing = canvas.convert_to_blob_with_options(&options).map_err(refused)?;
        Ok(JsFuture::from(writing).await.map_err(refused)?.unchecked_into())
    }
}

fn context(canvas: &OffscreenCanvas) -> Result<Option<OffscreenCanvasRenderingContext2d>, Failure> {
    // On the GPU, it could not be as large.
    let options = object(&[("alpha", false.into()), ("willReadFrequently", true.into())]);
    let context = canvas.get_context_with_context_options("2d", &options).map_err(refused)?;
    Ok(context.map(JsCast::unchecked_into))
}
