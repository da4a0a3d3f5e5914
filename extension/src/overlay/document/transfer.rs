//! An edit as text, so that it can go on in another process: everything but the pixels of its results, which travel beside it.

use super::{Document, FillResult, Hole, Made};
use crate::masks::mask::Mask;
use crate::overlay::history::History;
use crate::overlay::projection::ResultId;
use crate::overlay::variations::Variations;
use crate::protocol::Rect;
use crate::protocol::engine::{EngineChoice, Framing, Reading};
use serde::{Deserialize, Serialize};

/// A result without its pixels. Its hole follows from what was painted before the fill.
#[derive(Clone, Serialize, Deserialize)]
struct Written {
    id: ResultId,
    rect: Rect,
    made: Option<(EngineChoice, u32)>,
    reading: Option<Reading>,
}

/// See the module.
#[derive(Serialize, Deserialize)]
struct Text {
    history: History<Variations<Written>>,
    kept: Vec<ResultId>,
    #[serde(default)]
    kept_framing: Option<Framing>,
    last: ResultId,
}

impl<P: Clone> Document<P> {
    /// The edit as text, and the pixels of its results in the order of the text. None where something cannot be written.
    pub fn write(&self) -> Option<(String, Vec<P>)> {
        let mut pixels = vec![];
        let mut written = |result: FillResult<P>| {
            pixels.push(result.pixels);
            let made = result.made.map(|made| (made.engine, made.seed));
            Some(Written { id: result.id, rect: result.rect, made, reading: result.reading })
        };
        let history = self.history.clone().try_map(|fill, _| fill.try_map(&mut written))?;
        let text = Text { history, kept: self.kept.clone(), kept_framing: self.kept_framing, last: self.last };
        Some((serde_json::to_string(&text).ok()?, pixels))
    }

    /// The edit of a picture of this size that [`Self::write`] has written. None where the text is none, or does not fit the pixels.
    pub fn read(text: &str, pixels: Vec<P>, width: u32, height: u32) -> Option<Self> {
        let Text { history, kept, kept_framing, last } = serde_json::from_str(text).ok()?;
        let mut pixels = pixels.into_iter();
        let mut mask = Mask::new(width, height);
        let history = history.try_map(|fill, painted| {
            let holes = [false, true].map(|whole_words| {
                mask.whole_words = whole_words;
                mask.replay(painted);
                mask.cut().map(Hole::of)
            });
            fill.try_map(|Written { id, rect, made, reading }| {
                let made = made.and_then(|(engine, seed)| {
                    let hole = holes[usize::from(engine.hides())].clone()?;
                    Some(Made { engine, seed, hole })
                });
                Some(FillResult { id, rect, pixels: pixels.next()?, made, reading })
            })
        })?;
        mask.whole_words = false;
        let mut document = Self { mask, history, pending: None, kept, kept_framing, last };
        document.discard_drag();
        Some(document)
    }
}
