//! Painted pixels of a rectangle in few numbers: of its rows one after the other, so many unpainted ones, then so many painted ones, and so on.

/// A pixel counts as painted from here on.
const HALF: u8 = 128;

/// The runs of `coverage`, one byte a pixel. A pixel that is covered by half counts as painted.
pub fn packed(coverage: &[u8]) -> Vec<u32> {
    let (mut runs, mut paints) = (vec![0], false);
    for covered in coverage.iter().map(|c| *c >= HALF) {
        if covered != paints {
            paints = covered;
            runs.push(0);
        }
        if let Some(run) = runs.last_mut() {
            *run += 1;
        }
    }
    runs
}

/// The coverage of `pixels` pixels, 0 or 255 each. What the runs do not reach is unpainted, what they have too many is left out.
pub fn unpacked(runs: &[u32], pixels: usize) -> Vec<u8> {
    let (mut coverage, mut at) = (vec![0; pixels], 0usize);
    for (number, run) in runs.iter().enumerate() {
        let end = at.saturating_add(*run as usize).min(pixels);
        if number % 2 == 1 {
            coverage[at..end].fill(255);
        }
        at = end;
    }
    coverage
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(coverage in prop::collection::vec(prop_oneof![Just(0u8), Just(255)], 0..200)) {
            prop_assert_eq!(unpacked(&packed(&coverage), coverage.len()), coverage);
        }

        #[test]
        fn runs_that_do_not_fit_are_cut(runs in prop::collection::vec(any::<u32>(), 0..9), pixels in 0..300usize) {
            prop_assert_eq!(unpacked(&runs, pixels).len(), pixels);
        }
    }
}
