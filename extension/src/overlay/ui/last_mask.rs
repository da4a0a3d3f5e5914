//! Where the user was painting last, in whichever picture. It is kept in the browser's memory until the browser ends, and never on the disk; what comes
//! from an incognito window goes with its page.

use super::screen::Edit;
use crate::browser::storage;
use crate::masks::LAST_MASK;
use crate::masks::laying::{Places, Way};
use crate::masks::mask::MaskOp;
use crate::overlay::projection::ResultId;
use crate::ui::dom::window;
use js_sys::Reflect;
use std::cell::RefCell;
use wasm_bindgen_futures::spawn_local;

/// Who remembers a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    /// The browser, for all pictures.
    Browser,
    /// The editor around this overlay, which was opened from an incognito window, for its other pictures.
    Editor,
    /// This overlay, which is in an incognito window.
    Overlay,
}

/// A mask as it was laid on this picture.
#[derive(Clone)]
pub(super) struct Laid {
    /// What was laid.
    pub from: Places,
    pub way: Way,
    /// The step that did it.
    pub op: MaskOp,
}

/// See the module.
#[derive(Default)]
pub(super) struct LastMask {
    /// The state of the edit whose mask is kept.
    known: RefCell<(Vec<ResultId>, usize)>,
    pub laid: RefCell<Option<Laid>>,
    /// Where this overlay was painted on last.
    own: RefCell<Option<Places>>,
}

impl LastMask {
    /// The edit is as it was found: nothing was painted yet that counts.
    pub(super) fn begin(&self, edit: &Edit) {
        *self.known.borrow_mut() = edit.state();
    }

    /// Keeps where an edit was painted, if that has changed. What was only laid keeps the mask that it was made of: on the next picture, that is laid
    /// again, not what became of it here.
    pub(super) fn follow(&self, edit: &Edit, memory: Memory) {
        let state = edit.state();
        if *self.known.borrow() == state {
            return;
        }
        *self.known.borrow_mut() = state;
        let Some(places) = edit.places() else { return };
        if self.laid.borrow().as_ref().is_some_and(|laid| laid.op == places.op()) {
            return;
        }
        self.keep(places, memory);
    }

    /// Keeps a mask.
    pub(super) fn keep(&self, places: Places, memory: Memory) {
        *self.own.borrow_mut() = Some(places.clone());
        match memory {
            Memory::Overlay => return,
            Memory::Editor => return write_around(&places),
            Memory::Browser => {}
        }
        spawn_local(async move {
            // One that has no room there takes the place of the one before all the same: that would be another mask than the user expects.
            if storage::set_session(LAST_MASK, &places).await.is_err() {
                let _ = storage::remove_session(LAST_MASK).await;
            }
        });
    }

    /// The mask that was kept last; none where there is none.
    pub(super) async fn last(&self, memory: Memory) -> Option<Places> {
        let own = self.own.borrow().clone();
        match memory {
            Memory::Browser => storage::session(LAST_MASK).await.ok().flatten().or(own),
            Memory::Editor => read_around().or(own),
            Memory::Overlay => own,
        }
    }
}

/// As text, which outlives this overlay's page.
fn write_around(places: &Places) {
    if let (Ok(Some(editor)), Ok(text)) = (window().parent(), serde_json::to_string(places)) {
        // A window takes any property.
        let _ = Reflect::set(&editor, &LAST_MASK.into(), &text.into());
    }
}

fn read_around() -> Option<Places> {
    let editor = window().parent().ok().flatten()?;
    serde_json::from_str(&Reflect::get(&editor, &LAST_MASK.into()).ok()?.as_string()?).ok()
}
