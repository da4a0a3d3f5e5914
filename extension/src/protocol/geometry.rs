//! Where a picture stands in its page, as the page measures it.

use serde::{Deserialize, Serialize};

/// A point, in the pixels that the field using it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

/// A width and a height, in the pixels that the field using it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Size {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A rectangle of whole image pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// A part of a picture: a rectangle, less what lies outside of round corners. Image pixels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cutout {
    /// The rectangle.
    pub rect: Rect,
    /// What cuts its corners off, or an edge near them.
    pub corners: Vec<Corner>,
}

/// A quarter of an ellipse that rounds a corner. Image pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corner {
    /// Middle of the ellipse.
    pub x: f64,
    /// See `x`.
    pub y: f64,
    /// Its radius across; negative where the corner is on the left.
    pub across: f64,
    /// Its radius downwards; negative where the corner is at the top.
    pub down: f64,
}

/// A box that cuts a picture off, CSS pixels of the viewport. Its edge is `insets` inside of its outer one, and may have round corners.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Clip {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// Pixels of the viewport for each of the box's own, across and down.
    pub scale: [f64; 2],
    /// How far its edge is inside of its outer one, in its own pixels: top, right, bottom, left.
    pub insets: [f64; 4],
    /// Computed `border-radius` of its corners: top left, top right, bottom right, bottom left.
    pub radii: Vec<String>,
}

/// The measurements from which the overlay finds out where each image pixel stands on the screen.
///
/// The page measures, the overlay computes: an affine map keeps the centre of a box in the centre of its
/// bounding rectangle, so that centre, linear part and untransformed size say everything about an element
/// under any nesting of CSS transforms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Geometry {
    /// Layout viewport of the document that holds the picture, CSS pixels.
    pub viewport: Size,
    /// Device pixels per CSS pixel.
    pub dpr: f64,
    /// Centre of the element's border box in the viewport, CSS pixels.
    pub center: Point,
    /// Linear part `[a, b, c, d]` of the element's accumulated CSS transform: `x' = a x + c y`, `y' = b x + d y`.
    pub linear: [f64; 4],
    /// Untransformed border box, CSS pixels.
    pub border_box: Size,
    /// Top left corner of the box that the picture is fitted into, from that of the border box. CSS pixels, untransformed.
    pub content_origin: Point,
    /// Size of the box that the picture is fitted into. CSS pixels, untransformed.
    pub content_box: Size,
    /// Natural size of the picture as CSS sees it (a 2x source counts half its pixels).
    pub natural: Size,
    /// Computed `object-fit`, or `background-size` of the edited layer (`auto`, `cover`, `contain`, `120px auto` ...).
    pub fit: String,
    /// Computed `object-position` or `background-position` of the edited layer, two lengths or percentages.
    pub position: String,
}
