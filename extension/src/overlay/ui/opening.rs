//! From nothing to a picture that can be painted on.

use super::app::App;
use super::bitmaps::{as_shown, bitmap};
use super::consenting::Permission;
use super::failing::fail;
use super::guarded::page_says;
use super::keeping;
use super::leaving::{close_now, close_page};
use super::models;
use super::moving::{arrived, go_on};
use super::page::Page;
use super::painter::viewport;
use super::pixels::{Obtained, obtain};
use super::screen::Pixels;
use crate::browser::{bitmap, bytes, i18n, storage};
use crate::overlay::disclosure::{Source, Terms};
use crate::overlay::file_name::file_name;
use crate::overlay::host::Host;
use crate::overlay::kept_edit::kept_name;
use crate::overlay::ladder::Site;
use crate::overlay::phase::{Phase, Question};
use crate::overlay::scene::Part;
use crate::picture_size;
use crate::protocol::background::{Session, StartInFrame, session_key};
use crate::protocol::engine::{Opened, Release};
use crate::protocol::page::{FetchOriginal, FrameId, Hello, PageEvent, Picture, ReadShown, Subject};
use crate::protocol::{Failure, Rect, Size};
use crate::ui::dom::{attribute, root};
use crate::wire::ask_background;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

/// Origin of a page without a site; the editor's own pictures have it too.
const NO_PAGE: &str = "null";

/// A second try once the page is known.
pub(super) fn retry(app: Rc<App>) {
    spawn_local(async move {
        if let Err(failure) = open_picture(&app).await {
            fail(&app, failure, retry);
        }
    });
}

/// Finds the page and its picture, and opens it. `token` names the session; `handover` resolves to the shim's port.
pub(super) async fn open(app: &Rc<App>, token: &str, handover: js_sys::Promise) -> Result<(), Failure> {
    app.dock.lines.progress(&i18n::text("progressOpening", &[]), None);
    // Only the background writes sessions, and only for a token that it handed to our own shim.
    let host = app.stage.scene.borrow().host;
    let session: Option<Session> = match (host, token) {
        (_, "") => return Err(Failure::ForbiddenPage),
        (Host::Editor, _) => None,
        (Host::Shim | Host::Tab, token) => {
            let session = storage::session(&session_key(token)).await?;
            Some(session.ok_or_else(|| Failure::Unanswered { detail: "its session has ended".into() })?)
        }
    };
    let events = Rc::downgrade(app);
    let on_event = move |event| {
        if let Some(app) = events.upgrade() {
            page_event(&app, event);
        }
    };
    token.clone_into(&mut app.handover.session.borrow_mut());
    let page = Rc::new(Page::connect(host, session.as_ref(), token, handover, on_event).await?);
    *app.page.borrow_mut() = Some(Rc::clone(&page));
    match page.call(Hello, []).await? {
        (Subject::Picture { picture }, []) => {
            if host == Host::Editor && picture.page_origin != NO_PAGE {
                attribute(&root(), "data-page", "");
            }
            app.stage.scene.borrow_mut().found(*picture);
            open_picture(app).await
        }
        (Subject::Frame { origin, frame_id, src_url }, []) => {
            app.dock.lines.progress_over();
            ask_frame(app, &origin, frame_id, src_url).await
        }
    }
}

/// Follows what the page tells: the picture moved or is gone.
fn page_event(app: &Rc<App>, event: PageEvent) {
    match event {
        PageEvent::Moved { geometry } => {
            app.stage.scene.borrow_mut().moved(geometry, viewport());
            app.stage.mask_changed();
        }
        PageEvent::OnTop { on_top } => page_says(app, on_top),
        PageEvent::Deliver { metadata } => keeping::deliver(app, metadata),
        PageEvent::Gone if app.phase() == Phase::Closing => {}
        // The work goes on, because its result can still be saved.
        PageEvent::Gone if app.phase().is_running() => app.dock.lines.hint(Failure::Gone.message_key()),
        PageEvent::Gone => fail(app, Failure::Gone, |_| {}),
    }
}

/// The picture is in a frame of another origin: ask for that origin, then begin there.
async fn ask_frame(app: &Rc<App>, origin: &str, frame_id: FrameId, src_url: Option<String>) -> Result<(), Failure> {
    let site = Site::of(origin).ok_or(Failure::ForbiddenPage)?;
    let Some(permission) = Permission::ask(app, &site, Question::Frame, "askFrame").await else {
        close_now(app);
        return Ok(());
    };
    // Ask before closing: a message from a frame that is being removed may get lost.
    let begun = ask_background(StartInFrame { frame_id, src_url }).await;
    // The shim is in the frame now, and needs no permission to stay.
    permission.give_back().await;
    begun?;
    close_page(app).await;
    Ok(())
}

/// Gets the pixels, shows them and opens them in the engine.
async fn open_picture(app: &Rc<App>) -> Result<(), Failure> {
    let picture: Picture = app.stage.scene.borrow().picture().cloned().ok_or(Failure::Gone)?;
    app.dock.lines.progress(&i18n::text("progressOpening", &[]), None);
    let (obtained, moved) = match arrived(app).await {
        Some((obtained, moved)) => (Some(obtained), Some(moved)),
        None => (obtain(app, &picture).await?, None),
    };
    let Some(mut obtained) = obtained else {
        // The user wants none of the ways that are left.
        close_now(app);
        return Ok(());
    };
    app.dock.lines.progress(&i18n::text("progressDecoding", &[]), None);
    let (opened, seen) = futures::join!(open_everywhere(app, &picture, &obtained), seen_instead(app, &obtained));
    let opened = match seen {
        // The server has given another picture than the one that is shown.
        Some(seen) => {
            obtained = seen;
            open_everywhere(app, &picture, &obtained).await
        }
        None => opened,
    };
    let opened = match opened {
        // The file is damaged, or overlay and engine make different pictures of it. What an image element shows of it can be edited.
        Err(failure @ (Failure::Undecodable { .. } | Failure::Internal { .. })) => {
            let shown = as_shown(&obtained.blob).await;
            obtained.blob = match shown {
                Ok(shown) => shown,
                Err(_) => return Err(named(failure, &obtained.blob).await),
            };
            obtained.drawn = true;
            open_everywhere(app, &picture, &obtained).await?
        }
        other => other?,
    };
    app.dock.lines.progress_over();
    let Opened { format, animated, alpha, draft, left_out, .. } = opened;
    app.left_out.set(left_out);
    if alpha {
        app.stage.screen.is_transparent();
    }
    app.dock.set_native_format(format);
    app.dock.lines.hint(match () {
        () if obtained.source == Source::Capture => "hintScreenshot",
        () if animated => "hintAnimated",
        () if obtained.drawn && picture.url.is_some() => "hintDrawn",
        () => "hintPaint",
    });
    if let Some(moved) = moved {
        go_on(app, moved).await?;
    } else if draft {
        offer_draft(app).await?;
    }
    let finding = Rc::clone(app);
    spawn_local(async move { models::find(&finding).await });
    app.last_mask.begin(&app.edit.borrow());
    app.dock.lines.announce("statusReady", &[]);
    app.stage.focus();
    app.settle();
    Ok(())
}

/// Why a file cannot be opened: its format, where that may be the reason.
async fn named(failure: Failure, file: &Blob) -> Failure {
    let length = picture_size::BRANDS.min(file.size() as usize);
    let head = bytes::read_head(file, length).await.unwrap_or_default();
    picture_size::foreign(&head).map_or(failure, |format| Failure::ForeignFormat { format: format.into() })
}

/// The pixels that the element shows, where it shows something else than what was obtained.
async fn seen_instead(app: &App, obtained: &Obtained) -> Option<Obtained> {
    let page = app.page.borrow().clone()?;
    // What is too large to be edited is not decoded to be compared, either: opening it says so.
    let fits = bitmap::size(&obtained.blob).await.is_ok();
    if !obtained.is_pages_file() || !fits || page.shows(&obtained.blob).await {
        return None;
    }
    let (blob, drawn) = page.bytes(ReadShown).await.ok()?;
    Some(Obtained { blob, drawn, part: Part::WHOLE, fixed: None, source: Source::Page, turned: false })
}

/// Opens a picture in the overlay and in the engine, which decode it at the same time.
async fn open_everywhere(app: &Rc<App>, picture: &Picture, obtained: &Obtained) -> Result<Opened, Failure> {
    // The engine knows of an incognito window only while we are in it, and not in a tab that stands for its page.
    let incognito = app.page.borrow().as_ref().is_none_or(|page| page.audience.incognito);
    // The editor keeps its pictures itself, and knows which of them may be.
    let in_editor = app.stage.scene.borrow().host == Host::Editor;
    let leaves_traces = !incognito && !in_editor && obtained.source != Source::Capture;
    let key = kept_name(picture).filter(|_| leaves_traces);
    let opened = if picture.original_url.is_some() {
        // What lies over the page's own file has the size that the overlay finds.
        match show_picture(app, picture, obtained).await {
            Ok(()) => open_in_engine(app, picture, obtained, key).await,
            Err(failure) => Err(failure),
        }
    } else {
        let opening = app.engine.open(obtained.blob.clone(), key);
        let (shown, opened) = futures::join!(show_picture(app, picture, obtained), opening);
        shown.and(opened)
    };
    let opened = opened.and_then(|opened| {
        let disagree = || Failure::Internal { detail: "page and engine disagree on the size".into() };
        let agree = app.stage.screen.size() == Some((opened.width, opened.height));
        agree.then_some(opened).ok_or_else(disagree)
    });
    if opened.is_err() {
        // It cannot be edited. Only the failure's sentence stays.
        app.stage.screen.close();
        app.stage.scene.borrow_mut().close();
        let _ = root().remove_attribute("data-image");
    }
    opened
}

/// Opens an edit of the page's own file in the engine: over that file, where the page still gives it.
async fn open_in_engine(
    app: &App,
    picture: &Picture,
    obtained: &Obtained,
    key: Option<String>,
) -> Result<Opened, Failure> {
    let page = app.page.borrow().clone().filter(|_| obtained.source == Source::Page && !picture.as_stored);
    if let (Some(page), Some((width, height))) = (page, app.stage.screen.size())
        && let Ok((original, _)) = page.bytes(FetchOriginal).await
    {
        let whole = Rect { x: 0, y: 0, width, height };
        return app.engine.open_edited(obtained.blob.clone(), original, whole).await;
    }
    app.engine.open(obtained.blob.clone(), key).await
}

/// Shows the picture at its place and begins an edit of it.
async fn show_picture(app: &App, picture: &Picture, obtained: &Obtained) -> Result<(), Failure> {
    let (width, height) = app.stage.screen.open(&obtained.blob).await?;
    let image = Size { width: f64::from(width), height: f64::from(height) };
    {
        let mut scene = app.stage.scene.borrow_mut();
        super::moving::opened(app, obtained);
        let terms = Terms::of(&obtained.source, picture, image);
        if let Terms::Refused(_) = terms {
            app.dock.ends_in_keeping();
        }
        if obtained.turned {
            scene.turned_back(image);
        }
        scene.obtained(terms, obtained.part, obtained.fixed);
        scene.open(image, viewport());
    }
    app.edit.borrow_mut().open(width, height);
    app.text.forget();
    app.stage.hand.borrow_mut().fit(width, height);
    app.dock.show_size(&app.stage.hand.borrow());
    attribute(&root(), "data-image", &format!("{width}x{height}"));
    app.stage.painter.find_accent();
    app.stage.mask_changed();
    let alt = if picture.alt.is_empty() { file_name(picture.url.as_deref()) } else { picture.alt.clone() };
    attribute(&app.stage.screen.canvas, "aria-label", &i18n::text("canvasLabel", &[&alt]));
    Ok(())
}

/// The page went away under an edit of this picture: go on with it?
async fn offer_draft(app: &App) -> Result<(), Failure> {
    let [text, yes, no] = ["askResume", "askResumeYes", "askResumeNo"].map(|key| i18n::text(key, &[]));
    if !app.ask(Question::Resume, &text, &yes, &no).await {
        app.engine.tell(Release).await;
        return Ok(());
    }
    for (rect, patch) in app.engine.resume().await? {
        let picture = Rc::new(bitmap(&patch).await?);
        app.edit.borrow_mut().resume(rect, Pixels { patch, picture });
    }
    app.engine.resumed(&app.edit.borrow());
    app.stage.screen.sync(&app.edit.borrow())
}
