//! What is erased, where, and how: as the user has set it.

use super::lane::Lane;
use super::task::{Painted, Task};
use crate::browser::{bitmap, field, storage};
use crate::masks::LAST_MASK;
use crate::masks::laying::Places;
use crate::protocol::Failure;
use crate::protocol::engine::{EngineChoice, Hiding};
use crate::ui::dom::{by_id, window};
use js_sys::JSON;
use web_sys::{HtmlInputElement, HtmlSelectElement};

/// Where the user painted last, in whichever picture.
pub(super) async fn last_mask(private: bool) -> Option<Places> {
    if !private {
        return storage::session(LAST_MASK).await.ok().flatten();
    }
    // The overlays of an editor that was opened from an incognito window leave it with the editor, as text.
    let text = field(&window(), LAST_MASK).as_string()?;
    serde_wasm_bindgen::from_value(JSON::parse(&text).ok()?).ok()
}

/// Whether this may be the picture, by its size, that `places` were painted in. Its file may turn it.
pub(super) async fn is_of(places: &Places, painted: &Painted) -> bool {
    let (width, height) = (places.width, places.height);
    bitmap::size(&painted.file).await.is_ok_and(|size| [(width, height), (height, width)].contains(&size))
}

/// What the user has set. None where a mark is to be sought and nothing of it stands out.
///
/// # Errors
/// What the engine fails with.
pub(super) async fn task(lane: &Lane, places: Places, painted: Option<Painted>) -> Result<Option<Task>, Failure> {
    let how: HtmlSelectElement = by_id("batch-how");
    let hiding = Hiding::ALL.into_iter().find(|by| by.id() == how.value());
    let engine = hiding.map_or(EngineChoice::INSTANT, |by| EngineChoice::Hide { by });
    let is_sought = by_id::<HtmlInputElement>("batch-find").checked();
    let Some(painted) = painted.filter(|_| is_sought) else { return Ok(Some(Task { places, mark: None, engine })) };
    let mark = lane.learn(&painted.file, &places).await?;
    Ok(mark.map(|mark| Task { places, mark: Some(mark), engine }))
}
