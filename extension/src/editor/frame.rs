//! The overlay that edits a picture, in a frame. The editor answers it as the shim of a web page would.

use super::picture::Picture;
use crate::browser::{object, random_uuid, refused};
use crate::protocol::page::{Bytes, Compared, DELIVERIES, Measured, PageEvent, Recalled, Seen, Subject, ToPage};
use crate::protocol::{Call, Done, Failure};
use crate::ui::dom::{attribute, document, window};
use crate::wire::{self, Answered, Incoming, Pending};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, Element, HtmlIFrameElement, MessageChannel, MessageEvent, MessagePort, Window};

/// What an overlay tells the editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Its page is there: it may be listened to.
    Loaded,
    /// There is something new to be kept.
    Changed,
    /// The user closed the picture.
    Closed,
}

/// See the module.
pub(super) struct Frame {
    pub element: HtmlIFrameElement,
    port: MessagePort,
}

/// Whoever listens to a frame.
type Listener = Rc<dyn Fn(&Rc<Picture>, Told)>;

impl Frame {
    /// Opens the overlay of a picture inside `parent`. `tell` hears what it tells.
    ///
    /// # Errors
    /// When the browser refuses.
    pub(super) fn open(
        picture: &Rc<Picture>,
        parent: &Element,
        tell: impl Fn(&Rc<Picture>, Told) + 'static,
    ) -> Result<Self, Failure> {
        let element: HtmlIFrameElement = document().create_element("iframe").map_err(refused)?.unchecked_into();
        let channel = MessageChannel::new().map_err(refused)?;
        let port = channel.port1();
        let tell: Listener = Rc::new(tell);
        serve(&port, Rc::downgrade(picture), Rc::clone(&tell));
        let token = random_uuid();
        attribute(&element, "title", &picture.given.name);
        element.set_src(&format!("overlay.html?editor#{token}"));
        let (framed, theirs) = (element.clone(), channel.port2());
        let loaded = Rc::downgrade(picture);
        let hand_over = Closure::once_into_js(move || {
            let (Some(inner), Ok(own)) = (framed.content_window(), window().location().origin()) else { return };
            let ports = js_sys::Array::of1(&theirs);
            // Where the browser refuses, the overlay goes on waiting, and can be closed.
            let _ = inner.post_message_with_transfer(&object(&[("rubout", token.into())]), &own, &ports);
            if let Some(picture) = loaded.upgrade() {
                tell(&picture, Told::Loaded);
            }
        });
        element.set_onload(Some(hand_over.unchecked_ref()));
        parent.append_child(&element).map_err(refused)?;
        Ok(Self { element, port })
    }

    /// The window of the overlay's page.
    pub(super) fn window(&self) -> Option<Window> {
        self.element.content_window()
    }

    /// An element of the overlay's page. It belongs to another window, so that its type cannot be asked for.
    pub(super) fn part(&self, id: &str) -> Option<Element> {
        self.element.content_document()?.get_element_by_id(id)
    }

    /// What the overlay is doing, as its page says it.
    pub(super) fn state(&self) -> String {
        self.said("data-state").unwrap_or_default()
    }

    /// Whether it has a picture. One that could not be opened has none.
    pub(super) fn has_picture(&self) -> bool {
        self.said("data-image").is_some()
    }

    /// How many of the results that were [wanted](Self::want_result) have come, or will not come any more.
    pub(super) fn deliveries(&self) -> u32 {
        self.said(DELIVERIES).and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    fn said(&self, attribute: &str) -> Option<String> {
        self.element.content_document()?.document_element()?.get_attribute(attribute)
    }

    /// Whether the overlay reads the picture and has none yet.
    pub(super) fn is_opening(&self) -> bool {
        self.said("data-state").is_none_or(|state| state == "opening") && !self.has_picture()
    }

    /// Whether the overlay works on a fill, or on a file.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state().as_str(), "running" | "opening")
    }

    /// Shows it or hides it. A hidden one keeps its size, so that nothing in it is laid out anew.
    pub(super) fn show(&self, shows: bool) {
        self.element.set_class_name(if shows { "shown" } else { "" });
        if shows && let Some(inner) = self.window() {
            let _ = self.element.focus();
            let _ = inner.focus();
        }
    }

    /// Wants the result as a file; the picture's [`delivered`](Picture::delivered) gives it.
    pub(super) fn want_result(&self, metadata: bool) -> Result<(), Failure> {
        let wanted = wire::event(&PageEvent::Deliver { metadata }, &[])?;
        self.port.post_message(&wanted).map_err(refused)
    }

    /// Takes it away.
    pub(super) fn remove(&self) {
        self.port.close();
        self.element.remove();
    }
}

fn serve(port: &MessagePort, picture: Weak<Picture>, tell: Listener) {
    let out = port.clone();
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let request = Incoming::read(&event.data()).and_then(Incoming::request::<ToPage>);
        let (Some((pending, call)), Some(picture)) = (request, picture.upgrade()) else { return };
        let (out, tell) = (out.clone(), Rc::clone(&tell));
        spawn_local(async move {
            let (answer, told) = match call {
                Ok(call) => answered(&picture, pending, call).await,
                Err(failure) => (pending.refuse(failure), None),
            };
            // A port cannot be lost, only closed by us.
            let _ = out.post_message(&answer);
            if let Some(told) = told {
                tell(&picture, told);
            }
        });
    });
    port.set_onmessage(Some(listener.into_js_value().unchecked_ref()));
}

/// The answer to a request of the overlay, and what the editor is told of it.
async fn answered(picture: &Picture, pending: Pending, call: ToPage) -> (JsValue, Option<Told>) {
    let none = || Failure::Unreadable { detail: "the editor has the file only".into() };
    let answer = match call {
        ToPage::Hello(call) => {
            let picture = Box::new(picture.described().await);
            pending.serve(call, async |_, []| Ok((Subject::Picture { picture }, []))).await
        }
        ToPage::ReadShown(call) => {
            let file = picture.source().await;
            pending.serve(call, async |_, []| Ok((Bytes { drawn: false }, [file]))).await
        }
        ToPage::ReadDirect(call) => {
            let file = picture.source().await;
            pending.serve(call, async |_, []| Ok((Bytes { drawn: false }, [file]))).await
        }
        ToPage::FetchOriginal(call) => match &picture.guest {
            Some(guest) => pending.serve(call, async |call, []| guest.ask(call, []).await).await,
            None => pending.refuse(none()),
        },
        ToPage::Fetch(_) => pending.refuse(none()),
        // What is edited is the file itself.
        ToPage::Compare(call) => pending.serve(call, async |_, [_]: [Blob; 1]| Ok((Compared { same: true }, []))).await,
        ToPage::Hide(call) => {
            let geometry = picture.described().await.geometry;
            pending.serve(call, async |_, []| Ok((Measured { geometry }, []))).await
        }
        // No page lies around it.
        ToPage::IsOnTop(call) => pending.serve(call, async |_, []| Ok((Seen { on_top: true }, []))).await,
        ToPage::LostFocus(call) => nothing(pending, call).await,
        ToPage::MoveToEditor(call) => nothing(pending, call).await,
        ToPage::Revert(call) => for_page(picture, pending, call).await,
        ToPage::Apply(call) => {
            let taking = async |call, [file]: [Blob; 1]| match &picture.guest {
                Some(guest) if !picture.is_wanted() => guest.ask(call, [file]).await,
                _ => {
                    picture.deliver(file);
                    Ok((Done {}, []))
                }
            };
            pending.serve(call, taking).await
        }
        ToPage::Close(call) => return (for_page(picture, pending, call).await, Some(Told::Closed)),
        // The editor is not lost without its overlays.
        ToPage::Entrust(call) => pending.serve(call, async |_, _: Vec<Blob>| Ok((Done {}, []))).await,
        ToPage::Preserve(call) => {
            let keeping = async |call, results| {
                picture.preserve(call, results);
                Ok((Done {}, []))
            };
            return (pending.serve(call, keeping).await, Some(Told::Changed));
        }
        ToPage::Recall(call) => pending.serve(call, async |_, []| Ok(recalled(picture).await)).await,
    };
    (answer, None)
}

async fn nothing<C>(pending: Pending, call: C) -> JsValue
where
    C: Call<Request = ToPage, Reply = Done, Blobs<Blob> = [Blob; 0]>,
{
    pending.serve(call, async |_, []| -> Answered<C> { Ok((Done {}, [])) }).await
}

/// What only the page that a picture came from can do; for others, there is nothing to do.
async fn for_page<C>(picture: &Picture, pending: Pending, call: C) -> JsValue
where
    C: Call<Request = ToPage, Reply = Done, Blobs<Blob> = [Blob; 0]>,
{
    let serving = async |call, []| match &picture.guest {
        // A page that is gone needs nothing any more.
        Some(guest) => guest.ask(call, []).await.or(Ok((Done {}, []))),
        None => Ok((Done {}, [])),
    };
    pending.serve(call, serving).await
}

/// What was kept of a picture's edit, its file first.
async fn recalled(picture: &Picture) -> (Recalled, Vec<Blob>) {
    let kept = picture.kept.borrow().clone();
    match kept {
        Some((kept, results)) => {
            let blobs = [vec![picture.source().await], results].concat();
            (Recalled { edit: Some(kept.edit) }, blobs)
        }
        None => (Recalled { edit: None }, vec![]),
    }
}
