//! Finds the thing that the user points at or draws a rough circle around: [`Selector`].
//!
//! A part of the picture is reduced ([`raster`]), taken apart into small pieces of one colour ([`superpixels`]) and seen as a graph of them
//! ([`graph`]). For a circle, the graph is cut between what looks like the ground outside and what does not ([`enclose`], [`likeness`],
//! [`max_flow`]). For a click, pieces were merged into a tree beforehand ([`hierarchy`]), and the branch around the point that stands out most
//! is taken ([`salience`]). Either is then brought to the picture's own pixels ([`refine`]).

mod candidates;
mod enclose;
mod falloff;
mod graph;
mod hierarchy;
mod likeness;
mod max_flow;
mod outline;
mod raster;
mod refine;
mod rim;
mod salience;
mod superpixels;

pub use outline::Place;
pub use rim::with_rim;

use crate::pixels::{Image, Mask, Rect};
use crate::{Error, Pacer, Result};
use graph::Graph;
use hierarchy::Hierarchy;
use likeness::Likeness;
use raster::Raster;

/// Pixels and pieces of the raster around a circle.
const AROUND_CIRCLE: usize = 110_000;
const PIECES: usize = 1100;
/// How much ground is looked at around a circle, as a share of its sides.
const MARGIN: f64 = 0.3;

/// Pixels of the raster in which clicks are looked up, and its pieces.
const OF_PICTURE: usize = 300_000;
const PIECES_OF_PICTURE: usize = 1400;

/// A picture, prepared for clicks.
pub struct Selector {
    graph: Graph,
    likeness: Likeness,
    hierarchy: Hierarchy,
}

impl Selector {
    /// Prepares a picture. Each of its steps takes some tens of milliseconds, and between two of them it may be stopped.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub async fn new(image: &Image, pacer: &dyn Pacer) -> Result<Self> {
        let raster = Raster::new(image, image.bounds(), OF_PICTURE);
        pacer.checkpoint().await?;
        let graph = graph(raster, PIECES_OF_PICTURE);
        pacer.checkpoint().await?;
        let likeness = Likeness::new(&graph);
        pacer.checkpoint().await?;
        let hierarchy = Hierarchy::new(&graph);
        Ok(Self { graph, likeness, hierarchy })
    }

    /// The thing around a place.
    ///
    /// # Errors
    /// Never for the image that was prepared.
    pub fn clicked(&self, image: &Image, (x, y): Place) -> Result<Option<Mask>> {
        let raster = &self.graph.raster;
        let piece = usize::from(self.graph.labels[raster.index(x, y)]);
        let candidates = candidates::candidates(&self.graph, &self.likeness, &self.hierarchy, piece);
        let of = |set: &Vec<bool>| salience::salience(&salience::cues(&self.graph, &self.likeness, set));
        let rated = candidates.into_iter().map(|set| (of(&set), set));
        let Some((_, best)) = rated.max_by(|a, b| a.0.total_cmp(&b.0)) else { return Ok(None) };
        if !salience::is_bounded(&self.graph, &best) {
            return Ok(None);
        }
        let mut is_set: Vec<bool> = self.graph.labels.iter().map(|label| best[usize::from(*label)]).collect();
        refine::sharpen(raster, &mut is_set);
        fitted(image, refine::enlarged(image, raster, &is_set))
    }
}

fn graph(raster: Raster, pieces: usize) -> Graph {
    let step = ((raster.pixels.len() as f64 / pieces as f64).sqrt() as usize).max(2);
    Graph::new(raster, step)
}

/// The thing inside a rough circle, which may be open; none where nothing stands out.
///
/// # Errors
/// Never for an image and places in it.
pub fn enclosed(image: &Image, outline: &[Place]) -> Result<Option<Mask>> {
    let Some(circle) = outline::bounds(outline, image.bounds()) else { return Ok(None) };
    let margin = (f64::from(circle.width.max(circle.height)) * MARGIN) as u32 + 4;
    let region = circle.grown(margin, &image.bounds());
    let graph = graph(Raster::new(image, region, AROUND_CIRCLE), PIECES);
    let inside = outline::inside(outline, &graph.raster);
    let (width, height) = (graph.raster.width, graph.raster.height);
    let depths = outline::depths(&inside, width, height, u32::MAX);
    let deepest = depths.iter().copied().max().unwrap_or(1).max(1) as f32;
    let mut share = vec![0.0f32; graph.pieces.len()];
    let mut depth = vec![0.0f32; graph.pieces.len()];
    for (at, label) in graph.labels.iter().enumerate() {
        let piece = usize::from(*label);
        share[piece] += f32::from(u8::from(inside[at])) / graph.pieces[piece].area;
        depth[piece] += depths[at] as f32 / deepest / graph.pieces[piece].area;
    }
    let likeness = Likeness::new(&graph);
    let thing = enclose::thing(&graph, &likeness, &share, &depth);
    let mut is_set: Vec<bool> = graph.labels.iter().map(|label| thing[usize::from(*label)]).collect();
    refine::sharpen(&graph.raster, &mut is_set);
    fitted(image, refine::enlarged(image, &graph.raster, &is_set))
}

fn fitted(image: &Image, found: Option<(Rect, Vec<u8>)>) -> Result<Option<Mask>> {
    let Some((rect, coverage)) = found else { return Ok(None) };
    match Mask::new(rect, coverage)?.fitted(image) {
        Ok(mask) => Ok(Some(mask)),
        Err(Error::EmptyMask | Error::WholeMask) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacer::{StopsAt, Unpaced};
    use std::cell::Cell;

    const SIDE: u32 = 240;

    fn prepared(image: &Image) -> Selector {
        pollster::block_on(Selector::new(image, &Unpaced)).unwrap()
    }

    fn picture(at: impl Fn(f32, f32) -> [f32; 3]) -> Image {
        let rgba = (0..SIDE * SIDE).flat_map(|i| {
            let [r, g, b] = at((i % SIDE) as f32, (i / SIDE) as f32).map(|v| v.clamp(0.0, 255.0) as u8);
            [r, g, b, 255]
        });
        Image::new(SIDE, SIDE, rgba.collect()).unwrap()
    }

    fn grain(x: f32, y: f32) -> f32 {
        ((x as u32 * 7919 + y as u32 * 104_729) % 17) as f32 - 8.0
    }

    fn in_disc(x: f32, y: f32) -> bool {
        (x - 100.0).hypot(y - 130.0) < 40.0
    }

    /// A disc of any colours on any ground.
    fn grounds_and_discs() -> Vec<Image> {
        let plain = |x: f32, y: f32| [90.0 + x / 4.0, 120.0, 140.0 + y / 6.0];
        let grainy = |x: f32, y: f32| [150.0, 140.0, 110.0].map(|v| v + 2.0 * grain(x, y));
        let shaded = |x: f32, y: f32| [190.0 - (x - 100.0), 60.0, 50.0 + (y - 130.0) / 2.0];
        let striped = |x: f32, y: f32| {
            if (((x + y) / 9.0) as u32).is_multiple_of(2) { [40.0, 50.0, 160.0] } else { [90.0, 110.0, 220.0] }
        };
        let grounds: [fn(f32, f32) -> [f32; 3]; 2] = [plain, grainy];
        let discs: [fn(f32, f32) -> [f32; 3]; 2] = [shaded, striped];
        grounds
            .into_iter()
            .flat_map(|ground| discs.map(|disc| picture(|x, y| if in_disc(x, y) { disc(x, y) } else { ground(x, y) })))
            .collect()
    }

    /// Intersection over union with the disc.
    fn overlap(found: Option<&Mask>) -> f32 {
        let found = found.expect("something was found");
        let (mut both, mut any) = (0, 0);
        for (x, y) in Rect::of_size(SIDE, SIDE).places() {
            let (a, b) = (found.at(x, y) >= 128, in_disc(x as f32, y as f32));
            both += u32::from(a && b);
            any += u32::from(a || b);
        }
        both as f32 / any as f32
    }

    fn circle(radius: f64) -> Vec<Place> {
        let at = |i: i32| {
            let (sin, cos) = (f64::from(i) / 5.0).sin_cos();
            let wobbly = radius * (1.0 + 0.08 * f64::from(i % 3));
            (104.0 + wobbly * cos, 127.0 + wobbly * sin)
        };
        (0..31).map(at).collect()
    }

    #[test]
    fn a_click_finds_the_thing_around_it() {
        for (number, image) in grounds_and_discs().iter().enumerate() {
            let selector = prepared(image);
            for place in [(100.0, 130.0), (82.0, 118.0), (115.0, 150.0)] {
                let found = overlap(selector.clicked(image, place).unwrap().as_ref());
                assert!(found > 0.9, "{number}, {place:?}: {found}");
            }
        }
    }

    #[test]
    fn preparing_stops_at_any_of_its_checkpoints() {
        let image = picture(|x, y| [x, y, 90.0]);
        let stopped = |at| pollster::block_on(Selector::new(&image, &StopsAt(Cell::new(at)))).err();
        for at in 0..3 {
            assert!(matches!(stopped(at), Some(Error::Cancelled)), "at the checkpoint {at}");
        }
        assert!(stopped(3).is_none(), "there are three");
    }

    #[test]
    fn a_rough_circle_snaps_to_what_it_encloses() {
        for (number, image) in grounds_and_discs().iter().enumerate() {
            for radius in [50.0, 62.0] {
                let found = overlap(enclosed(image, &circle(radius)).unwrap().as_ref());
                assert!(found > 0.95, "{number}, {radius}: {found}");
            }
        }
    }

    #[test]
    fn in_an_even_ground_nothing_is_found() {
        let image = picture(|x, y| [100.0 + x / 20.0, 140.0 + y / 30.0, 160.0]);
        assert_eq!(enclosed(&image, &circle(50.0)).unwrap(), None);
        assert_eq!(prepared(&image).clicked(&image, (60.0, 60.0)).unwrap(), None);
    }

    #[test]
    fn any_place_and_any_outline_of_any_picture_is_answered() {
        for (width, height) in [(1, 1), (2, 3), (1, 300), (90_000, 2), (37, 41)] {
            let rgba =
                (0..width * height).flat_map(|i| [(i * 37 % 256) as u8, (i * 91 % 256) as u8, 7, (i * 53 % 256) as u8]);
            let image = Image::new(width, height, rgba.collect()).unwrap();
            let selector = prepared(&image);
            let (right, bottom) = (f64::from(width), f64::from(height));
            for place in [(0.0, 0.0), (right, bottom), (-9.0, 1e9), (right / 2.0, f64::NAN)] {
                selector.clicked(&image, place).unwrap();
            }
            for outline in [vec![], vec![(0.0, 0.0); 3], vec![(-5.0, -5.0), (2.0 * right, 0.0), (right, 3.0 * bottom)]]
            {
                enclosed(&image, &outline).unwrap();
            }
        }
    }

    #[test]
    fn what_is_transparent_counts_as_it_is_seen() {
        let mut rgba: Vec<u8> = picture(|_, _| [200.0, 60.0, 40.0]).into_rgba();
        for (i, pixel) in rgba.chunks_exact_mut(4).enumerate() {
            let i = i as u32;
            pixel[3] = if in_disc((i % SIDE) as f32, (i / SIDE) as f32) { 255 } else { 0 };
        }
        let image = Image::new(SIDE, SIDE, rgba).unwrap();
        let found = prepared(&image).clicked(&image, (100.0, 130.0)).unwrap();
        assert!(overlap(found.as_ref()) > 0.95);
    }

    #[test]
    fn the_rim_is_as_wide_as_a_soft_edge() {
        let image = picture(|_, _| [9.0; 3]);
        let mask = Mask::new(Rect { x: 1, y: 50, width: 10, height: 10 }, vec![255; 100]).unwrap();
        let grown = with_rim(&mask, &image);
        assert_eq!(grown.rect(), Rect { x: 0, y: 47, width: 14, height: 16 });
        assert_eq!([grown.at(13, 55), grown.at(5, 47), grown.at(13, 47)], [255, 255, 0]);
    }
}
