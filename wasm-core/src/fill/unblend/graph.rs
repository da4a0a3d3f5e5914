//! Masked pixels ("sites") and their neighbours.

use super::colour::Rgb;
use super::pieces::Selection;
use super::scene::{Grain, Scene};
use crate::pixels::Rect;

/// A masked pixel.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Column in the window.
    pub(super) x: u32,
    /// Row in the window.
    pub(super) y: u32,
    /// Position of its piece in [`Pieces::list`](super::pieces::Pieces::list).
    pub(super) piece: u32,
    /// Colour in the picture.
    pub(super) colour: Rgb,
    /// First guess of the hidden colour.
    pub(super) guess: Rgb,
    /// Steps to the nearest pixel outside of the mask.
    pub(super) depth: u8,
    pub(super) grain: Grain,
    /// The neighbours to the right, to the left, below and above.
    pub(super) near: [Near; 4],
}

/// What lies beside a site.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Near {
    /// Another site, by its position in [`Graph::sites`].
    Site(u32),
    /// A pixel outside of the mask.
    Known(Rgb),
    /// The end of the picture, or a masked pixel of another batch.
    Nothing,
}

const DIRECTIONS: [(i64, i64); 4] = [(1, 0), (-1, 0), (0, 1), (0, -1)];
/// Stands for "no site" in [`Graph::index`].
const NO_SITE: u32 = u32::MAX;

/// The masked pixels of some pieces, each with its neighbours.
pub(super) struct Graph<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) sites: Vec<Site>,
    /// `[bounds.height, bounds.width]`: the position in `sites`, or [`NO_SITE`].
    index: Vec<u32>,
    /// Bounding rectangle of the sites, in the window.
    pub(super) bounds: Rect,
}

impl<'a> Graph<'a> {
    /// The sites of the selected parts of pieces, in raster order.
    #[inline(never)]
    pub(super) fn new(scene: &'a Scene<'a>, selections: Vec<Selection>) -> Self {
        let list = &scene.pieces.list;
        let bounds = selections.iter().map(|s| list[s.piece].rect).reduce(|a, b| a.union(&b)).unwrap_or_default();
        let mut index = vec![NO_SITE; bounds.area()];
        let mut parts = vec![((0, 0), (0, 0)); list.len()];
        selections.iter().for_each(|s| parts[s.piece] = (s.columns, s.rows));
        let mut places = vec![];
        for y in bounds.y..bounds.bottom() {
            for x in bounds.x..bounds.right() {
                let label = scene.pieces.labels[(y * scene.pieces.window.width + x) as usize];
                if label == 0 {
                    continue;
                }
                let ((left, right), (top, bottom)) = parts[label as usize - 1];
                if (left..right).contains(&x) && (top..bottom).contains(&y) {
                    index[((y - bounds.y) * bounds.width + x - bounds.x) as usize] = places.len() as u32;
                    places.push((x, y, label - 1));
                }
            }
        }
        let mut graph = Self { scene, sites: vec![], index, bounds };
        let sites = places.into_iter().map(|(x, y, piece)| {
            let at = (y * scene.pieces.window.width + x) as usize;
            let ([r, g, b, _], depth) = (scene.guess[at], scene.depths[at]);
            let near = DIRECTIONS.map(|(dx, dy)| graph.near(i64::from(x) + dx, i64::from(y) + dy));
            let (colour, grain) = (scene.colour(x, y), scene.grains.at(x, y));
            Site { x, y, piece, colour, guess: [r, g, b], depth, grain, near }
        });
        graph.sites = sites.collect();
        graph
    }

    /// What lies at a place of the window.
    pub(super) fn near(&self, x: i64, y: i64) -> Near {
        match self.scene.pieces.label(x, y) {
            None => Near::Nothing,
            Some(0) => Near::Known(self.scene.colour(x as u32, y as u32)),
            Some(_) => self.site(x, y).map_or(Near::Nothing, Near::Site),
        }
    }

    /// Whether a place of the picture is one of the sites.
    pub(super) fn has(&self, (x, y): (u32, u32)) -> bool {
        let window = self.scene.pieces.window;
        self.site(i64::from(x) - i64::from(window.x), i64::from(y) - i64::from(window.y)).is_some()
    }

    /// The site at a place of the window.
    fn site(&self, x: i64, y: i64) -> Option<u32> {
        let (x, y) = (x - i64::from(self.bounds.x), y - i64::from(self.bounds.y));
        let inside = x >= 0 && y >= 0 && x < i64::from(self.bounds.width) && y < i64::from(self.bounds.height);
        let at = inside.then(|| self.index[y as usize * self.bounds.width as usize + x as usize])?;
        (at != NO_SITE).then_some(at)
    }
}
