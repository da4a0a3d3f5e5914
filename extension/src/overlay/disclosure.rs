//! What a page may learn of an edit.
//!
//! What is put into a page can be read by its scripts. The user's right to see pixels is not the page's right to read them.

use super::placement::{content_box, placement};
use super::round_box::RoundBox;
use crate::protocol::page::{Picture, PictureKind};
use crate::protocol::{Corner, Cutout, Failure, Geometry, Rect, Size};
use serde::{Deserialize, Serialize};

/// Whose pixels are edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// The page can read them by itself.
    #[default]
    Page,
    /// The page can show them only. The user let the extension read them.
    Foreign {
        /// Origin of the picture.
        origin: String,
    },
    /// They are of a picture of another site that the page does not show: the site gave another one than it gave the page, and the user wants that one.
    Unseen,
    /// They are cut out of a capture of the tab, where anything can shine through: frames of other sites, say, at 4 % opacity.
    Capture,
}

/// What has to happen before a result takes the picture's place in its page.
#[derive(Clone, Debug, PartialEq)]
pub enum Terms {
    /// Nothing: the page learns nothing new.
    Free,
    /// The user agrees that the page reads what it shows.
    Agreement {
        /// Origin of the picture.
        origin: String,
        /// What the page shows of the picture, image pixels. The rest is left out.
        part: Cutout,
    },
    /// It never does.
    Refused(Failure),
}

impl Terms {
    /// The terms for a picture of which `image` (pixels) was obtained.
    pub fn of(source: &Source, picture: &Picture, image: Size) -> Self {
        match source {
            Source::Capture => Self::Refused(Failure::Captured),
            _ if matches!(picture.kind, PictureKind::Video | PictureKind::Generated) => {
                Self::Refused(Failure::NotReplaceable)
            }
            Source::Page => Self::Free,
            Source::Unseen => Self::Refused(Failure::Concealed),
            Source::Foreign { origin } => match shown_part(picture, image).filter(|_| is_plain(picture)) {
                Some(part) => Self::Agreement { origin: origin.clone(), part },
                None => Self::Refused(Failure::Concealed),
            },
        }
    }
}

/// How much (CSS pixels) may be cut off a picture that still counts as whole: positions are rounded.
const SLACK: f64 = 0.5;
/// By how much the sides' scales may differ (fraction) between the picture that was shown and the one that was obtained: sizes are rounded.
const SKEW: f64 = 0.01;

/// Whether the page showed the picture in its own tones.
fn is_plain(picture: &Picture) -> bool {
    picture.shown.as_ref().is_some_and(|shown| !shown.altered)
}

/// The part of the picture (image pixels) that its page showed. None where too little is known, or nothing showed.
pub fn shown_part(picture: &Picture, image: Size) -> Option<Cutout> {
    let shown = picture.shown.as_deref()?;
    let natural = picture.geometry.natural;
    let density = (image.width / natural.width, image.height / natural.height);
    let is_same = (density.0 / density.1 - 1.0).abs() < SKEW + 1.0 / natural.width.min(natural.height);
    let geometry = Geometry { natural, ..shown.geometry.clone() };
    let [a, b, c, d] = geometry.linear;
    // Written so that what is no number is not known.
    if !(is_same && a > 0.0 && d > 0.0 && b.abs() + c.abs() < 1e-6) {
        return None;
    }
    let map = placement(&geometry, image.width, image.height);
    let window = (0.0, 0.0, geometry.viewport.width, geometry.viewport.height);
    let mut edges = vec![RoundBox::straight(content_box(&geometry)), RoundBox::straight(window)];
    for clip in &shown.clips {
        edges.push(RoundBox::of(clip)?);
    }
    let (mut left, mut top, mut right, mut bottom) = (0.0f64, 0.0f64, image.width, image.height);
    let mut corners = vec![];
    for edge in edges {
        let (x0, y0, x1, y1) = edge.sides;
        left = left.max((x0 - SLACK - map.e) / map.a);
        top = top.max((y0 - SLACK - map.f) / map.d);
        right = right.min((x1 + SLACK - map.e) / map.a);
        bottom = bottom.min((y1 + SLACK - map.f) / map.d);
        corners.extend(edge.corners().map(|corner| Corner {
            x: (corner.x - map.e) / map.a,
            y: (corner.y - map.f) / map.d,
            across: (corner.across + SLACK.copysign(corner.across)) / map.a,
            down: (corner.down + SLACK.copysign(corner.down)) / map.d,
        }));
    }
    let (x0, y0, x1, y1) = (left.ceil(), top.ceil(), right.floor(), bottom.floor());
    let rect = Rect { x: x0 as u32, y: y0 as u32, width: (x1 - x0) as u32, height: (y1 - y0) as u32 };
    (x1 > x0 && y1 > y0).then_some(Cutout { rect, corners })
}

/// Whether a point (image pixels) is not cut off by round corners.
pub fn is_in_corners(part: &Cutout, x: f64, y: f64) -> bool {
    part.corners.iter().all(|corner| {
        let (across, down) = ((x - corner.x) / corner.across, (y - corner.y) / corner.down);
        across <= 0.0 || down <= 0.0 || across * across + down * down <= 1.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::examples::{picture_kinds, plain_geometry, plain_picture};
    use crate::protocol::page::Shown;
    use crate::protocol::{Clip, Point};

    const BOX: Size = Size { width: 200.0, height: 100.0 };
    const IMAGE: Size = Size { width: 400.0, height: 200.0 };

    const WHOLE: Rect = Rect { x: 0, y: 0, width: 400, height: 200 };

    fn clip(x: f64, y: f64, width: f64, height: f64) -> Clip {
        Clip { x, y, width, height, scale: [1.0, 1.0], radii: vec!["0px".into(); 4], ..Clip::default() }
    }

    /// A picture of 400 x 200 pixels at half its size, from (200, 200) to (400, 300) of the viewport.
    fn picture(clips: Vec<Clip>) -> Picture {
        let mut geometry = plain_geometry(BOX, Point { x: 300.0, y: 250.0 });
        geometry.natural = IMAGE;
        Picture {
            shown: Some(Box::new(Shown { geometry: geometry.clone(), clips, altered: false })),
            ..plain_picture(geometry)
        }
    }

    /// The same, after a change of what was measured at the click.
    fn changed(change: impl FnOnce(&mut Geometry)) -> Picture {
        let mut picture = picture(vec![]);
        change(&mut picture.shown.as_mut().expect("just set").geometry);
        picture
    }

    fn foreign() -> Source {
        Source::Foreign { origin: "https://a.example".into() }
    }

    /// What is given of the picture after an agreement; none where it is refused.
    fn cut(picture: &Picture) -> Option<Cutout> {
        match Terms::of(&foreign(), picture, IMAGE) {
            Terms::Agreement { part, .. } => Some(part),
            Terms::Refused(Failure::Concealed) => None,
            other => panic!("{other:?}"),
        }
    }

    /// The same, where its corners are straight.
    fn given(picture: &Picture) -> Option<Rect> {
        cut(picture).map(|part| {
            assert_eq!(part.corners, vec![]);
            part.rect
        })
    }

    #[test]
    fn a_capture_is_never_put_into_a_page_and_a_video_takes_nothing() {
        for kind in picture_kinds() {
            let picture = Picture { kind, ..picture(vec![]) };
            assert_eq!(Terms::of(&Source::Capture, &picture, IMAGE), Terms::Refused(Failure::Captured));
            let stays = matches!(kind, PictureKind::Video | PictureKind::Generated);
            let own = if stays { Terms::Refused(Failure::NotReplaceable) } else { Terms::Free };
            assert_eq!(Terms::of(&Source::Page, &picture, IMAGE), own);
        }
    }

    #[test]
    fn another_picture_than_the_page_shows_is_not_given() {
        let terms = Terms::of(&Source::Unseen, &picture(vec![]), IMAGE);
        assert_eq!(terms, Terms::Refused(Failure::Concealed));
    }

    #[test]
    fn a_page_gets_what_it_shows_of_a_foreign_picture_and_no_more() {
        assert_eq!(given(&picture(vec![])), Some(WHOLE), "all of it is to be seen");
        assert_eq!(given(&picture(vec![clip(199.6, 200.4, 200.0, 100.0)])), Some(WHOLE), "rounding hides nothing");
        let part = given(&picture(vec![clip(150.5, 150.0, 100.0, 200.0), clip(0.0, 0.0, 900.0, 250.5)]));
        assert_eq!(part, Some(Rect { x: 0, y: 0, width: 102, height: 102 }), "the upper left");
    }

    #[test]
    fn what_object_fit_and_the_windows_edge_cut_away_is_not_given() {
        let cover = changed(|geometry| {
            (geometry.fit, geometry.content_box) = ("cover".into(), Size { width: 100.0, height: 100.0 });
        });
        assert_eq!(given(&cover), Some(Rect { x: 99, y: 0, width: 202, height: 200 }));
        let low = changed(|geometry| geometry.viewport.height = 250.0);
        assert_eq!(given(&low), Some(Rect { x: 0, y: 0, width: 400, height: 101 }));
    }

    #[test]
    fn what_is_out_of_sight_turned_of_another_shape_or_not_known_is_refused() {
        assert_eq!(given(&picture(vec![clip(0.0, 0.0, 199.0, 800.0)])), None, "out of sight");
        assert_eq!(given(&picture(vec![clip(f64::NAN, 0.0, 1000.0, 800.0)])), None);
        assert_eq!(given(&Picture { shown: None, ..picture(vec![]) }), None);
        assert_eq!(given(&changed(|geometry| geometry.linear = [0.0, 1.0, -1.0, 0.0])), None);
        let mut other = picture(vec![]);
        other.geometry.natural = Size { width: 400.0, height: 300.0 };
        assert_eq!(given(&other), None, "another picture than the one that was shown");
    }

    #[test]
    fn what_round_corners_cut_off_is_not_given() {
        let round = Clip { radii: vec!["20px".into(); 4], ..clip(200.0, 200.0, 200.0, 100.0) };
        let part = cut(&picture(vec![round])).expect("given");
        assert_eq!(part.rect, WHOLE);
        // Half a pixel of the page is a pixel of the image here.
        let corner = Corner { x: 40.0, y: 40.0, across: -41.0, down: -41.0 };
        assert_eq!((part.corners.len(), part.corners[0]), (4, corner));
        for (x, y, is_in) in [(5.0, 5.0, false), (20.0, 20.0, true), (395.0, 195.0, false), (200.0, 1.0, true)] {
            assert_eq!(is_in_corners(&part, x, y), is_in, "{x}, {y}");
        }
        let sum = Clip { radii: vec!["calc(1px + 2%)".into(); 4], ..clip(200.0, 200.0, 200.0, 100.0) };
        assert_eq!(cut(&picture(vec![sum])), None, "not known");
    }

    #[test]
    fn what_is_faded_is_not_given() {
        let mut faded = picture(vec![]);
        faded.shown.as_mut().expect("just set").altered = true;
        assert_eq!(cut(&faded), None);
    }

    #[test]
    fn what_the_page_did_after_the_click_changes_nothing() {
        let mut later = picture(vec![clip(150.0, 150.0, 100.0, 200.0)]);
        later.geometry = Geometry { natural: IMAGE, ..plain_geometry(IMAGE, Point { x: 500.0, y: 400.0 }) };
        assert_eq!(given(&later), given(&picture(vec![clip(150.0, 150.0, 100.0, 200.0)])));
    }
}
