//! A line of text and its words.

use crate::pixels::Rect;

/// A line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The box of its ink, in pixels of the picture.
    pub rect: Rect,
    /// The boxes of its words from left to right. Scripts that put no gaps between words have pieces of some characters.
    pub words: Vec<Rect>,
    /// Whether it is darker than its ground.
    pub is_dark: bool,
}

impl Line {
    /// A line of a picture that was halved so often, in the picture's own pixels.
    pub(super) fn in_picture(self, halvings: u32, is_dark: bool, bounds: Rect) -> Self {
        let scaled = |Rect { x, y, width, height }: Rect| {
            let [x, y, width, height] = [x, y, width, height].map(|length| length << halvings);
            Rect { x, y, width, height }.grown(0, &bounds)
        };
        Self { rect: scaled(self.rect), words: self.words.into_iter().map(scaled).collect(), is_dark }
    }
}
