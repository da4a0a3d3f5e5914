//! Where a page has to be scrolled to, so that captures of its window cover it, and where each of them belongs in the picture.

use crate::protocol::scroll::Surveyed;

/// Most device pixels of a captured page.
const MAX_PIXELS: f64 = 100_000_000.0;
/// Most device pixels of its height: a canvas has no longer side.
const MAX_SIDE: f64 = 65_535.0;
/// The largest whole number of CSS pixels that is looked at for being a whole number of device pixels.
const MAX_GRID: u32 = 100;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Width of the picture, device pixels.
    pub width: u32,
    /// Its height, device pixels.
    pub height: u32,
    /// What has to stand at the upper edge of the window, one after the other, CSS pixels.
    pub tops: Vec<f64>,
    /// How much of the page is in the picture, 0 to 1.
    pub share: f64,
    dpr: f64,
}

impl Plan {
    /// For this page. None where there is nothing to capture.
    pub fn of(page: &Surveyed) -> Option<Self> {
        let Surveyed { width, height, view, dpr, .. } = *page;
        let usable = |length: f64| length.is_finite() && length >= 1.0;
        if ![width, height, view].into_iter().all(usable) || !dpr.is_finite() || dpr <= 0.0 {
            return None;
        }
        let wide = (width * dpr).round().max(1.0);
        let longest = (MAX_PIXELS / wide).min(MAX_SIDE).floor();
        let high = (height * dpr).round().clamp(1.0, longest.max(1.0));
        let last = (high / dpr - view).max(0.0);
        // Steps of whole device pixels: otherwise the page is drawn a fraction of a pixel lower in one capture than in the next.
        let grid = f64::from(whole(dpr));
        let step = if view >= grid { (view / grid).floor() * grid } else { view };
        let mut tops: Vec<f64> = (0..).map(|number| f64::from(number) * step).take_while(|top| *top < last).collect();
        tops.push(last);
        Some(Self { width: wide as u32, height: high as u32, tops, share: (high / dpr / height).min(1.0), dpr })
    }

    /// The row of the picture at which a capture belongs that has `top` at the upper edge of the window.
    pub fn row(&self, top: f64) -> u32 {
        ((top * self.dpr).round().max(0.0) as u32).min(self.height)
    }
}

/// The smallest number of CSS pixels that is a whole number of device pixels; 1 where there is none.
fn whole(dpr: f64) -> u32 {
    let is_whole = |length: f64| (length - length.round()).abs() < 1e-3;
    (1..=MAX_GRID).find(|number| is_whole(f64::from(*number) * dpr)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(width: f64, height: f64, view: f64, dpr: f64) -> Surveyed {
        Surveyed { width, height, view, dpr, inner: false, wide: false }
    }

    #[test]
    fn captures_begin_at_whole_pixels_and_end_at_the_end() {
        let plan = Plan::of(&page(1265.0, 2000.0, 850.0, 1.0)).expect("a plan");
        assert_eq!(
            (plan.tops.clone(), plan.width, plan.height, plan.share),
            (vec![0.0, 850.0, 1150.0], 1265, 2000, 1.0)
        );
        let plan = Plan::of(&page(1000.0, 2000.0, 853.0, 1.25)).expect("a plan");
        assert_eq!(plan.tops[..2], [0.0, 852.0]);
        assert_eq!(plan.row(852.0), 1065);
        assert_eq!(whole(1.1), 10);
        assert_eq!(whole(2.0 / 3.0), 3);
        assert_eq!(Plan::of(&page(1000.0, 300.0, 850.0, 2.0)).expect("a plan").tops, [0.0], "all of it shows at once");
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_how_much_is_there() {
        let plan = Plan::of(&page(1000.0, 1_000_000.0, 800.0, 2.0)).expect("a plan");
        assert_eq!((plan.width, plan.height), (2000, 50_000));
        assert!((plan.share - 0.025).abs() < 1e-9);
        assert_eq!(plan.tops.last(), Some(&24_200.0));
        let thin = Plan::of(&page(100.0, 1_000_000.0, 800.0, 1.0)).expect("a plan");
        assert_eq!(thin.height, 65_535);
    }

    #[test]
    fn strange_pages_have_no_plan() {
        for strange in [page(0.0, 10.0, 10.0, 1.0), page(10.0, f64::NAN, 10.0, 1.0), page(10.0, 10.0, 10.0, 0.0)] {
            assert_eq!(Plan::of(&strange), None);
        }
    }

    proptest! {
        #[test]
        fn every_row_is_in_some_capture(
            width in 1u32..4000, height in 1u32..200_000, view in 1u32..3000, percent in 25u32..500,
        ) {
            let dpr = f64::from(percent) / 100.0;
            // A window of a few rows at a page of many would only take long.
            prop_assume!(height / view < 2000);
            let plan = Plan::of(&page(f64::from(width), f64::from(height), f64::from(view), dpr)).expect("a plan");
            prop_assert!(f64::from(plan.width) * f64::from(plan.height) <= MAX_PIXELS.max(f64::from(plan.width)));
            let mut covered = 0;
            for top in &plan.tops {
                prop_assert!(plan.row(*top) <= covered, "a gap before {}", top);
                covered = plan.row(*top) + (f64::from(view) * dpr).ceil() as u32;
            }
            prop_assert!(covered >= plan.height);
        }
    }
}
