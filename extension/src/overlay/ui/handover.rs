//! What goes over from the page into a tab, where a page does not let the overlay live: how the picture was come by, and the edit.

use super::screen::Edit;
use crate::overlay::affine::Affine;
use crate::overlay::disclosure::Source;
use crate::overlay::projection::ResultId;
use crate::overlay::scene::Part;
use crate::protocol::engine::Keep;
use crate::protocol::page::Preserve;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use web_sys::Blob;

/// How the picture was come by.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Origin {
    /// Drawn pixels instead of the site's own file.
    pub drawn: bool,
    /// The part of the displayed picture that is edited.
    pub part: Part,
    /// Where it stands, when no part of the picture describes it.
    pub fixed: Option<Affine>,
    /// Whose pixels they are.
    pub source: Source,
}

/// What is written.
#[derive(Serialize, Deserialize)]
struct Text {
    origin: Origin,
    edit: String,
}

/// See the module.
#[derive(Default)]
pub(super) struct Handover {
    /// The session that this overlay belongs to.
    pub session: RefCell<String>,
    /// None before there is a picture.
    pub origin: RefCell<Option<Origin>>,
    /// What the editor was given last.
    preserved: RefCell<Option<Preserve>>,
    /// The results that the shim was given last.
    entrusted: RefCell<Vec<ResultId>>,
}

impl Handover {
    /// What the engine has to keep of an edit, with the blobs of its results.
    pub(super) fn write(&self, edit: &Edit) -> Option<(Keep, Vec<Blob>)> {
        let origin = self.origin.borrow().clone()?;
        let (edit, results) = edit.write()?;
        let edit = serde_json::to_string(&Text { origin, edit }).ok()?;
        let blobs = results.into_iter().map(|pixels| pixels.patch).collect();
        Some((Keep { session: self.session.borrow().clone(), edit }, blobs))
    }

    /// Whether the editor does not have this yet. From now on it does.
    pub(super) fn is_news(&self, preserve: &Preserve) -> bool {
        self.preserved.replace(Some(preserve.clone())).as_ref() != Some(preserve)
    }

    /// Whether the shim does not have these results yet. From now on it does.
    pub(super) fn entrusts(&self, results: Vec<ResultId>) -> bool {
        self.entrusted.replace(results.clone()) != results
    }

    /// The origin and the edit, as [`Self::write`] has written them.
    pub(super) fn read(text: &str) -> Option<(Origin, String)> {
        let Text { origin, edit } = serde_json::from_str(text).ok()?;
        Some((origin, edit))
    }
}
