//! How many pixels a drawing (SVG) gets, which has none of its own.

use crate::protocol::Size;

/// Pixels of the longer side that a drawing gets at least, unless the user chooses.
const USUAL: f64 = 2048.0;
/// Pixels of a side at most: as many as the overlay draws.
const LONGEST: f64 = 8192.0;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawing {
    /// Its own size, as the file states it.
    natural: Size,
}

impl Drawing {
    /// A drawing of this size. None where it states none.
    pub fn new(natural: Size) -> Option<Self> {
        let is_length = |side: f64| side.is_finite() && side > 0.0;
        (is_length(natural.width) && is_length(natural.height)).then_some(Self { natural })
    }

    /// The width that it gets unless the user chooses: its own, or a larger one that can be worked on.
    pub fn usual(&self) -> u32 {
        let longer = self.natural.width.max(self.natural.height);
        self.fitting(self.natural.width * (USUAL / longer).max(1.0))
    }

    /// The largest width.
    pub fn most(&self) -> u32 {
        (LONGEST * (self.natural.width / self.natural.height).min(1.0)).max(1.0) as u32
    }

    /// The width nearest to `width` that it can get.
    pub fn fitting(&self, width: f64) -> u32 {
        // What is no number is the least.
        width.round().max(1.0).min(f64::from(self.most())) as u32
    }

    /// So many times its own width; none where that is too much.
    pub fn times(&self, times: u32) -> Option<u32> {
        let width = (self.natural.width * f64::from(times)).round();
        (1.0..=f64::from(self.most())).contains(&width).then_some(width as u32)
    }

    /// The height that goes with a width.
    pub fn height(&self, width: u32) -> u32 {
        (f64::from(width) * self.natural.height / self.natural.width).round().clamp(1.0, LONGEST) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawing(width: f64, height: f64) -> Drawing {
        Drawing::new(Size { width, height }).expect("it has a size")
    }

    #[test]
    fn a_small_drawing_becomes_large_enough_to_edit_and_a_large_one_stays() {
        assert_eq!((drawing(40.0, 20.0).usual(), drawing(40.0, 20.0).height(2048)), (2048, 1024));
        assert_eq!(drawing(20.0, 40.0).usual(), 1024);
        assert_eq!(drawing(3000.0, 100.0).usual(), 3000);
        assert_eq!((drawing(30_000.0, 100.0).usual(), drawing(100.0, 30_000.0).usual()), (8192, 27));
    }

    #[test]
    fn its_own_size_can_be_had_and_multiples_up_to_the_most() {
        let icon = drawing(24.0, 24.0);
        assert_eq!([1, 2, 4].map(|times| icon.times(times)), [Some(24), Some(48), Some(96)]);
        let wide = drawing(4000.0, 1000.0);
        assert_eq!([1, 2, 4].map(|times| wide.times(times)), [Some(4000), Some(8000), None]);
        assert_eq!(drawing(0.25, 1.0).times(1), None, "there is no picture without pixels");
        let text = |width: f64| icon.fitting(width);
        assert_eq!([text(0.0), text(-5.0), text(f64::NAN), text(99.6), text(1e9)], [1, 1, 1, 100, 8192]);
        assert_eq!(Drawing::new(Size { width: 0.0, height: 5.0 }), None);
    }

    proptest! {
        #[test]
        fn every_width_has_a_height_that_can_be_drawn(width in 0.5..20_000.0f64, height in 0.5..20_000.0f64, wanted in 0.0..20_000.0f64) {
            let drawing = drawing(width, height);
            let fitting = drawing.fitting(wanted);
            prop_assert!((1..=8192).contains(&fitting) && (1..=8192).contains(&drawing.height(fitting)));
            prop_assert!(fitting <= drawing.most() && drawing.usual() <= drawing.most());
        }
    }
}
