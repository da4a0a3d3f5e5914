//! What the user is in the middle of: a stroke, a rectangle, an outline, moving the picture.

use super::tool::Drag;
use super::view::View;
use crate::masks::mask::MaskOp;
use crate::masks::stroke::{Stamp, smoothed};
use crate::protocol::Point;

/// The pointer number of a stroke that the keyboard paints.
pub const KEYBOARD: i32 = -1;

/// See the module. Points are image pixels, except where they say otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Gesture {
    /// Nothing.
    #[default]
    None,
    /// A stroke: where the pointer was, and the smoothed stamps that are already in the mask.
    Stroke {
        /// Number of the pointer, or [`KEYBOARD`].
        pointer: i32,
        /// Where the pointer was.
        raw: Vec<Stamp>,
        /// What is painted.
        stamps: Vec<Stamp>,
        /// It takes paint away.
        erase: bool,
    },
    /// A rectangle between two corners.
    Rectangle {
        /// Number of the pointer.
        pointer: i32,
        /// Where it began.
        from: Point,
        /// Where the pointer is.
        to: Point,
    },
    /// An outline.
    Lasso {
        /// Number of the pointer.
        pointer: i32,
        /// Its points so far.
        outline: Vec<Point>,
    },
    /// A place, or a circle around one, where a thing is looked for.
    Circle {
        /// Number of the pointer.
        pointer: i32,
        /// Its points so far.
        outline: Vec<Point>,
    },
    /// A rectangle in which words are taken, or a place.
    Sweep {
        /// Number of the pointer.
        pointer: i32,
        /// Where it began.
        from: Point,
        /// Where the pointer is.
        to: Point,
    },
    /// The rectangle that is to be left of the picture.
    Crop {
        /// Number of the pointer, or [`KEYBOARD`].
        pointer: i32,
        /// Where it began.
        from: Point,
        /// Where the pointer is.
        to: Point,
    },
    /// Moving the picture.
    Pan {
        /// Number of the pointer.
        pointer: i32,
        /// Its last place, CSS pixels.
        last: Point,
    },
    /// Two fingers.
    Pinch {
        /// Their pointer numbers and last places, CSS pixels.
        fingers: [(i32, Point); 2],
    },
}

impl Gesture {
    /// Dragging begins.
    pub fn begin(drag: Drag, pointer: i32, stamp: Stamp) -> Self {
        match drag {
            Drag::Stroke { erase } => Self::Stroke { pointer, raw: vec![stamp], stamps: vec![stamp], erase },
            Drag::Rectangle => Self::Rectangle { pointer, from: stamp.at, to: stamp.at },
            Drag::Lasso => Self::Lasso { pointer, outline: vec![stamp.at] },
            Drag::Select => Self::Circle { pointer, outline: vec![stamp.at] },
            Drag::Words => Self::Sweep { pointer, from: stamp.at, to: stamp.at },
            Drag::Crop => Self::Crop { pointer, from: stamp.at, to: stamp.at },
        }
    }

    /// The outline to draw while it is being dragged, and whether it is closed.
    pub fn outline(&self) -> Option<(Vec<Point>, bool)> {
        match self {
            Self::Rectangle { from, to, .. } | Self::Sweep { from, to, .. } | Self::Crop { from, to, .. } => {
                let (a, b) = (*from, *to);
                Some((vec![a, Point { x: b.x, y: a.y }, b, Point { x: a.x, y: b.y }], true))
            }
            Self::Lasso { outline, .. } | Self::Circle { outline, .. } => Some((outline.clone(), false)),
            _ => None,
        }
    }

    /// True while something is being painted.
    pub fn paints(&self) -> bool {
        !matches!(self, Self::None | Self::Pan { .. } | Self::Pinch { .. })
    }

    /// Where a thing is looked for: a circle around it, or one place. None where nothing is looked for.
    pub fn sought(&self) -> Option<&[Point]> {
        match self {
            Self::Circle { outline, .. } => Some(outline),
            _ => None,
        }
    }

    /// The corners of the rectangle in which words are taken; none where none are.
    pub fn swept(&self) -> Option<(Point, Point)> {
        match self {
            Self::Sweep { from, to, .. } => Some((*from, *to)),
            _ => None,
        }
    }

    /// The corners of what is to be left of the picture; none where it is not being cropped.
    pub fn cropped(&self) -> Option<(Point, Point)> {
        match self {
            Self::Crop { from, to, .. } => Some((*from, *to)),
            _ => None,
        }
    }

    /// Whether the stroke that is being dragged takes paint away; none where no stroke is.
    pub fn stroke(&self) -> Option<bool> {
        match self {
            Self::Stroke { erase, .. } => Some(*erase),
            _ => None,
        }
    }

    /// The pointer paints on, to these places. Gives the pieces of stroke that have to go into the mask; none where this
    /// pointer paints nothing.
    pub fn painted_to(&mut self, id: i32, to_stamps: &[Stamp]) -> Option<Vec<[Stamp; 2]>> {
        match self {
            Self::Stroke { pointer, raw, stamps, .. } if *pointer == id => {
                let before = stamps.len();
                for stamp in to_stamps {
                    raw.push(*stamp);
                    smoothed(&raw[raw.len().saturating_sub(3)..], stamps);
                }
                Some(stamps[before - 1..].windows(2).map(|pair| [pair[0], pair[1]]).collect())
            }
            Self::Rectangle { pointer, to, .. } | Self::Sweep { pointer, to, .. } | Self::Crop { pointer, to, .. }
                if *pointer == id =>
            {
                *to = to_stamps.last().map_or(*to, |stamp| stamp.at);
                Some(vec![])
            }
            Self::Lasso { pointer, outline } | Self::Circle { pointer, outline } if *pointer == id => {
                outline.extend(to_stamps.iter().map(|stamp| stamp.at));
                Some(vec![])
            }
            _ => None,
        }
    }

    /// The keyboard's stroke goes straight on to here, or the corner of its crop. Gives the piece that has to go into the mask; none where no
    /// stroke is being painted.
    pub fn straight_to(&mut self, stamp: Stamp) -> Option<[Stamp; 2]> {
        if let Self::Crop { to, .. } = self {
            *to = stamp.at;
        }
        let Self::Stroke { raw, stamps, .. } = self else { return None };
        let last = stamps.last().copied().unwrap_or(stamp);
        raw.push(stamp);
        stamps.push(stamp);
        Some([last, stamp])
    }

    /// A pointer that moves the picture is now here (CSS pixels). False where this pointer does not.
    pub fn moved_to(&mut self, id: i32, at: Point, view: Option<&mut View>) -> bool {
        match self {
            Self::Pan { pointer, last } if *pointer == id => {
                if let Some(view) = view {
                    view.pan(at.x - last.x, at.y - last.y);
                }
                *last = at;
            }
            Self::Pinch { fingers } => {
                let Some(moved) = fingers.iter().position(|(pointer, _)| *pointer == id) else { return false };
                let (old, other) = (fingers[moved].1, fingers[1 - moved].1);
                let span = |p: Point| (p.x - other.x).hypot(p.y - other.y).max(1.0);
                if let Some(view) = view {
                    let middle = Point { x: (at.x + other.x) / 2.0, y: (at.y + other.y) / 2.0 };
                    view.zoom(span(at) / span(old), middle);
                    view.pan((at.x - old.x) / 2.0, (at.y - old.y) / 2.0);
                }
                fingers[moved].1 = at;
            }
            _ => return false,
        }
        true
    }

    /// A second finger came down at `at` (CSS pixels): the two of them zoom. `first` is where the first finger is, in CSS
    /// pixels. None where no first finger is known.
    pub fn pinch(first: Option<(i32, Point)>, second: i32, at: Point) -> Self {
        first.map_or(Self::None, |first| Self::Pinch { fingers: [first, (second, at)] })
    }

    /// The pointer of this gesture and where it is, in CSS pixels of the view.
    pub fn finger(&self, view: &View) -> Option<(i32, Point)> {
        let map = view.map();
        match self {
            Self::Stroke { pointer, raw, .. } => raw.last().map(|stamp| (*pointer, map.apply(stamp.at))),
            Self::Rectangle { pointer, to, .. } | Self::Sweep { pointer, to, .. } | Self::Crop { pointer, to, .. } => {
                Some((*pointer, map.apply(*to)))
            }
            Self::Lasso { pointer, outline } | Self::Circle { pointer, outline } => {
                outline.last().map(|point| (*pointer, map.apply(*point)))
            }
            Self::Pan { pointer, last } => Some((*pointer, *last)),
            Self::None | Self::Pinch { .. } => None,
        }
    }

    /// What was painted by it; none for what paints nothing, for a click with the lasso, which is no outline, for [`Self::sought`],
    /// [`Self::swept`] and [`Self::cropped`].
    pub fn painted(self) -> Option<MaskOp> {
        match self {
            Self::Stroke { stamps, erase, .. } => Some(MaskOp::Stroke { stamps, erase }),
            Self::Rectangle { from, to, .. } => Some(MaskOp::Rectangle(from, to)),
            Self::Lasso { outline, .. } => (outline.len() >= 3).then_some(MaskOp::Lasso(outline)),
            Self::None | Self::Circle { .. } | Self::Sweep { .. } | Self::Crop { .. } => None,
            Self::Pan { .. } | Self::Pinch { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::affine::Affine;
    use crate::overlay::tool::TOOLS;
    use crate::protocol::Size;

    fn stamp(x: f64, y: f64) -> Stamp {
        Stamp { at: Point { x, y }, radius: 4.0 }
    }

    fn view() -> View {
        let (image, viewport) = (Size { width: 800.0, height: 600.0 }, Size { width: 1000.0, height: 800.0 });
        View::in_page(image, viewport, Affine::translation(10.0, 20.0))
    }

    #[test]
    fn every_tool_paints_what_it_dragged() {
        for tool in TOOLS {
            let mut gesture = Gesture::begin(tool.drag, 1, stamp(0.0, 0.0));
            assert!(gesture.paints());
            assert_eq!(gesture.painted_to(2, &[stamp(5.0, 5.0)]), None, "another pointer paints nothing");
            let path = [stamp(40.0, 0.0), stamp(40.0, 30.0), stamp(0.0, 30.0)];
            let pieces = gesture.painted_to(1, &path).expect("its own pointer");
            let (sought, swept) = (gesture.sought().map(<[Point]>::len), gesture.swept());
            let cropped = gesture.cropped();
            match (tool.drag, gesture.painted()) {
                (Drag::Stroke { erase }, Some(MaskOp::Stroke { stamps, erase: erased })) => {
                    assert_eq!((erased, stamps.first(), stamps.last()), (erase, Some(&stamp(0.0, 0.0)), path.last()));
                    let seen: Vec<Stamp> = pieces.iter().map(|piece| piece[1]).collect();
                    assert_eq!(seen, stamps[1..], "what goes into the mask is what is recorded");
                }
                (Drag::Rectangle, Some(MaskOp::Rectangle(from, to))) => {
                    assert_eq!((from, to), (Point { x: 0.0, y: 0.0 }, Point { x: 0.0, y: 30.0 }));
                }
                (Drag::Lasso, Some(MaskOp::Lasso(outline))) => assert_eq!(outline.len(), 4),
                (Drag::Select, None) => assert_eq!(sought, Some(4), "the engine finds what it paints"),
                (Drag::Words, None) => {
                    assert_eq!(
                        swept,
                        Some((Point { x: 0.0, y: 0.0 }, Point { x: 0.0, y: 30.0 })),
                        "a corner and the other"
                    );
                }
                (Drag::Crop, None) => {
                    let corners = (Point { x: 0.0, y: 0.0 }, Point { x: 0.0, y: 30.0 });
                    assert_eq!(cropped, Some(corners), "what is left of the picture");
                }
                (drag, painted) => panic!("{drag:?} gave {painted:?}"),
            }
        }
    }

    #[test]
    fn a_click_with_the_lasso_paints_nothing() {
        assert_eq!(Gesture::begin(Drag::Lasso, 1, stamp(3.0, 3.0)).painted(), None);
    }

    #[test]
    fn the_keyboard_paints_straight_lines() {
        let mut gesture = Gesture::begin(Drag::Stroke { erase: false }, KEYBOARD, stamp(1.0, 1.0));
        assert_eq!(gesture.straight_to(stamp(9.0, 1.0)), Some([stamp(1.0, 1.0), stamp(9.0, 1.0)]));
        let stamps = vec![stamp(1.0, 1.0), stamp(9.0, 1.0)];
        assert_eq!(gesture.painted(), Some(MaskOp::Stroke { stamps, erase: false }));
        assert_eq!(Gesture::None.straight_to(stamp(0.0, 0.0)), None);
        let mut crop = Gesture::begin(Drag::Crop, KEYBOARD, stamp(1.0, 1.0));
        assert_eq!(crop.straight_to(stamp(9.0, 4.0)), None, "nothing is painted");
        assert_eq!(crop.cropped(), Some((Point { x: 1.0, y: 1.0 }, Point { x: 9.0, y: 4.0 })));
    }

    #[test]
    fn two_fingers_zoom_about_their_middle_and_one_pans() {
        let mut view = view();
        let first = Gesture::begin(Drag::Stroke { erase: false }, 1, stamp(100.0, 100.0)).finger(&view);
        assert_eq!(first, Some((1, Point { x: 110.0, y: 120.0 })));
        let mut pinch = Gesture::pinch(first, 2, Point { x: 210.0, y: 120.0 });
        assert!(!pinch.paints() && pinch.clone().painted().is_none());
        assert!(pinch.moved_to(2, Point { x: 310.0, y: 120.0 }, Some(&mut view)));
        assert!((view.map().scale() - 2.0).abs() < 1e-9, "the fingers are twice as far apart");
        assert!(!pinch.moved_to(3, Point { x: 0.0, y: 0.0 }, Some(&mut view)), "a third finger does nothing");

        let before = view.map().apply(Point { x: 0.0, y: 0.0 });
        let mut pan = Gesture::Pan { pointer: 1, last: Point { x: 5.0, y: 5.0 } };
        assert!(pan.moved_to(1, Point { x: 8.0, y: 4.0 }, Some(&mut view)));
        let after = view.map().apply(Point { x: 0.0, y: 0.0 });
        assert!((after.x - before.x - 3.0).abs() < 1e-9 && (after.y - before.y + 1.0).abs() < 1e-9);
        assert_eq!(Gesture::pinch(None, 2, Point { x: 0.0, y: 0.0 }), Gesture::None);
    }
}
