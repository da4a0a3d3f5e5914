//! A picture that came from a web page: its edit is taken over from the overlay that it had there, and the page's shim stays in touch, so that the
//! result can be put back.

use super::engine;
use super::reach::reach;
use crate::browser::storage;
use crate::protocol::background::{Session, session_key};
use crate::protocol::engine::{Take, Taken};
use crate::protocol::page::{Hello, Picture as Described, Preserve, Subject, TAB_PORT, ToPage};
use crate::protocol::{Call, Failure};
use crate::wire::{Answered, Caller};
use std::rc::Rc;
use web_sys::Blob;

/// What a picture without a name is called.
const NAMELESS: &str = "picture.png";

/// See the module.
pub(super) struct Guest {
    caller: Rc<Caller<ToPage>>,
    /// As its page describes it.
    pub described: Described,
    /// The tab of its page.
    pub tab_id: i32,
}

/// What the overlay in the page had.
pub(super) struct Luggage {
    pub file: Blob,
    pub name: String,
    pub kept: (Preserve, Vec<Blob>),
}

impl Guest {
    /// Takes over the session of this token.
    ///
    /// # Errors
    /// [`Failure::Gone`] when the page is not there any more, or the edit.
    pub(super) async fn take(token: &str) -> Result<(Self, Luggage), Failure> {
        let Session { tab_id, frame_id, origin } = storage::session(&session_key(token)).await?.ok_or(Failure::Gone)?;
        let (_, caller) = reach(tab_id, frame_id, &format!("{TAB_PORT}:{token}"))?;
        let (Subject::Picture { picture }, []) = caller.call(Hello, []).await? else { return Err(Failure::Gone) };
        let (Taken { edit }, mut blobs) = engine::ask(Take { session: token.into() }, []).await?;
        let edit = edit.filter(|_| !blobs.is_empty()).ok_or(Failure::Gone)?;
        let results = blobs.split_off(1);
        let file = blobs.pop().ok_or(Failure::Gone)?;
        // Its overlay says soon how many of them show.
        let kept =
            Preserve { edit, fills: results.len() as u32, unsaved: !results.is_empty(), hidden: false, begun: true };
        let name = picture.original().and_then(name_of).unwrap_or_else(|| NAMELESS.into());
        // The browser has told whose page it is; what the page itself says of that is not put before people.
        let described = Described { page_origin: origin.unwrap_or_else(|| "null".into()), ..*picture };
        let guest = Self { caller, described, tab_id };
        Ok((guest, Luggage { file, name, kept: (kept, results) }))
    }

    /// Has the shim answer what its overlay asks.
    pub(super) async fn ask<C: Call<Request = ToPage>>(&self, call: C, blobs: C::Blobs<Blob>) -> Answered<C> {
        self.caller.call(call, blobs).await
    }
}

/// The last part of an address's path, as people read it.
fn name_of(address: &str) -> Option<String> {
    let path = address.strip_prefix("http")?.split(['?', '#']).next()?;
    let last = path.rsplit('/').next().filter(|last| !last.is_empty())?;
    js_sys::decode_uri_component(last).ok().map(Into::into)
}
