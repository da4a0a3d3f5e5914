//! A box of a page that cuts off what is inside of it, with round corners or without.

use super::placement::length;
use crate::protocol::{Clip, Corner};

/// See the module. All in CSS pixels of the viewport.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RoundBox {
    /// Left, top, right and bottom.
    pub sides: (f64, f64, f64, f64),
    /// Across and down: top left, top right, bottom right, bottom left.
    radii: [[f64; 2]; 4],
}

impl RoundBox {
    /// Without round corners.
    pub(super) fn straight(sides: (f64, f64, f64, f64)) -> Self {
        Self { sides, radii: [[0.0; 2]; 4] }
    }

    /// The edge of a clip. None where its measures are not understood.
    pub(super) fn of(clip: &Clip) -> Option<Self> {
        let [across, down] = clip.scale;
        let (width, height) = (clip.width / across, clip.height / down);
        let [top, right, bottom, left] = clip.insets;
        let mut radii = [[0.0; 2]; 4];
        for (radius, text) in radii.iter_mut().zip(&clip.radii) {
            let mut lengths = text.split(' ');
            let one = lengths.next()?;
            let two = lengths.next().unwrap_or(one);
            *radius = [length(one, width)?, length(two, height)?];
        }
        // Radii that do not fit are made smaller, all of them alike (CSS Backgrounds 3, section 4.5).
        let fits = |side: f64, a: f64, b: f64| if a + b > side { side / (a + b) } else { 1.0 };
        let factor = fits(width, radii[0][0], radii[1][0])
            .min(fits(height, radii[1][1], radii[2][1]))
            .min(fits(width, radii[2][0], radii[3][0]))
            .min(fits(height, radii[3][1], radii[0][1]));
        // The inner edge is that much less round.
        let inside = [[left, top], [right, top], [right, bottom], [left, bottom]];
        for (radius, inset) in radii.iter_mut().zip(inside) {
            *radius = [(radius[0] * factor - inset[0]) * across, (radius[1] * factor - inset[1]) * down];
        }
        let (x0, y0) = (clip.x + left * across, clip.y + top * down);
        let (x1, y1) = (clip.x + clip.width - right * across, clip.y + clip.height - bottom * down);
        let all = radii.iter().flatten().chain([&x0, &y0, &x1, &y1]);
        (clip.radii.len() == 4 && all.sum::<f64>().is_finite()).then_some(Self { sides: (x0, y0, x1, y1), radii })
    }

    /// Those of its corners that are round.
    pub(super) fn corners(&self) -> impl Iterator<Item = Corner> {
        let (x0, y0, x1, y1) = self.sides;
        let places = [(x0, y0, -1.0, -1.0), (x1, y0, 1.0, -1.0), (x1, y1, 1.0, 1.0), (x0, y1, -1.0, 1.0)];
        let round = places.into_iter().zip(self.radii).filter(|(_, [across, down])| *across > 0.0 && *down > 0.0);
        round.map(|((x, y, to_right, to_bottom), [across, down])| Corner {
            x: x - to_right * across,
            y: y - to_bottom * down,
            across: to_right * across,
            down: to_bottom * down,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(radius: &str, inset: f64) -> Clip {
        Clip {
            x: 10.0,
            y: 20.0,
            width: 200.0,
            height: 100.0,
            scale: [2.0, 1.0],
            insets: [inset; 4],
            radii: vec![radius.into(); 4],
        }
    }

    fn first(clip: &Clip) -> Option<Corner> {
        RoundBox::of(clip)?.corners().next()
    }

    #[test]
    fn corners_are_where_the_browser_draws_them() {
        let corner = |x, y, across: f64, down: f64| Some(Corner { x, y, across: -across, down: -down });
        assert_eq!(first(&clip("0px", 0.0)), None);
        assert_eq!(first(&clip("8px", 0.0)), corner(26.0, 28.0, 16.0, 8.0), "in a box that is shown twice as wide");
        assert_eq!(first(&clip("10% 20px", 0.0)), corner(30.0, 40.0, 20.0, 20.0));
        assert_eq!(first(&clip("8px", 3.0)), corner(26.0, 28.0, 10.0, 5.0), "inside of a border");
        assert_eq!(first(&clip("8px", 8.0)), None, "a border as wide as the corner is round");
        assert_eq!(first(&clip("999px", 0.0)), corner(110.0, 70.0, 100.0, 50.0), "no rounder than it fits");
        let all: Vec<_> = RoundBox::of(&clip("8px", 0.0)).expect("known").corners().collect();
        assert_eq!(all[2], Corner { x: 194.0, y: 112.0, across: 16.0, down: 8.0 }, "bottom right");
    }

    #[test]
    fn what_is_not_understood_is_not_known() {
        for radius in ["calc(1px + 2%)", "8em", "", "NaNpx"] {
            assert_eq!(RoundBox::of(&clip(radius, 0.0)), None, "{radius}");
        }
        assert_eq!(RoundBox::of(&Clip { radii: vec![], ..clip("0px", 0.0) }), None);
        assert_eq!(RoundBox::of(&clip("0px", f64::NAN)), None);
    }
}
