//! Which parts of the picture the model is shown: it sees a square of one size, whatever the picture's size is.

use crate::pixels::Rect;

/// A part of the picture that is repainted in one run of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crop {
    /// The part, inside the picture. It is a square unless the picture is too narrow or too low for one.
    pub rect: Rect,
    /// Side of the square that the model is shown, in pixels of the picture. Where `rect` is shorter, its reflection goes on.
    pub side: u32,
    /// The holes that are repainted in it: places in the list that was planned for.
    pub holes: Vec<usize>,
}

/// Holes that are shown together.
struct Group {
    /// The holes and the surroundings that they need.
    needs: Rect,
    holes: Vec<usize>,
}

fn longest(rect: &Rect) -> u32 {
    rect.width.max(rect.height)
}

/// Plans the crops for `holes`, rectangles inside `picture`, with a model that takes `native` x `native` pixels.
///
/// A hole needs surroundings of half its own length on every side, as far as the picture goes. Where that fits into the model's
/// square, the crop has its size, so that pixels stay pixels; a larger one is shown reduced, by no more than it takes. Holes
/// share a crop where none of them is shown smaller for it. A crop at the picture's border is shifted, not cut.
pub fn plan(picture: Rect, holes: &[Rect], native: u32) -> Vec<Crop> {
    let side = |needs: &Rect| longest(needs).max(native);
    let mut groups: Vec<Group> = vec![];
    for (place, hole) in holes.iter().enumerate() {
        let needs = hole.grown(longest(hole).div_ceil(2), &picture);
        groups.push(Group { needs, holes: vec![place] });
    }
    // Until no two can be shown together any more.
    loop {
        let before = groups.len();
        let mut merged: Vec<Group> = vec![];
        for group in groups {
            let fits = |other: &&mut Group| {
                side(&other.needs.union(&group.needs)) <= side(&other.needs).max(side(&group.needs))
            };
            match merged.iter_mut().find(fits) {
                Some(other) => {
                    other.needs = other.needs.union(&group.needs);
                    other.holes.extend(group.holes);
                }
                None => merged.push(group),
            }
        }
        groups = merged;
        if groups.len() == before {
            break;
        }
    }
    groups.into_iter().map(|group| crop(picture, group, native)).collect()
}

fn crop(picture: Rect, group: Group, native: u32) -> Crop {
    // A picture that is smaller than the model's square is shown whole, and enlarged.
    let side = longest(&group.needs).max(native).min(longest(&picture));
    let axis = |start: u32, length: u32, picture_start: u32, picture_length: u32| {
        let shown = side.min(picture_length);
        let centred = i64::from(start) + (i64::from(length) - i64::from(shown)) / 2;
        let first = i64::from(picture_start);
        let last = first + i64::from(picture_length - shown);
        (centred.clamp(first, last) as u32, shown)
    };
    let (x, width) = axis(group.needs.x, group.needs.width, picture.x, picture.width);
    let (y, height) = axis(group.needs.y, group.needs.height, picture.y, picture.height);
    Crop { rect: Rect { x, y, width, height }, side, holes: group.holes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NATIVE: u32 = 512;

    fn holes_in(width: u32, height: u32, spots: &[(f64, f64, f64, f64)]) -> Vec<Rect> {
        let hole = |&(x, y, w, h): &(f64, f64, f64, f64)| {
            let x = (x * f64::from(width - 1)) as u32;
            let y = (y * f64::from(height - 1)) as u32;
            let (w, h) = ((w * w * f64::from(width - x)) as u32, (h * h * f64::from(height - y)) as u32);
            Rect { x, y, width: w.max(1), height: h.max(1) }
        };
        spots.iter().map(hole).collect()
    }

    proptest! {
        #[test]
        fn crops_cover_their_holes_with_context_and_are_as_few_and_as_sharp_as_can_be(
            width in 1u32..5000, height in 1u32..5000,
            spots in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64, 0.0..1.0f64, 0.0..1.0f64), 1..9),
        ) {
            let picture = Rect::of_size(width, height);
            let holes = holes_in(width, height, &spots);
            let crops = plan(picture, &holes, NATIVE);
            let mut seen: Vec<usize> = crops.iter().flat_map(|w| w.holes.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..holes.len()).collect::<Vec<_>>(), "every hole has one crop");
            for crop in &crops {
                prop_assert!(picture.contains(&crop.rect));
                prop_assert!(crop.rect.width == crop.side.min(width) && crop.rect.height == crop.side.min(height));
                // Never less than the model's own size where the picture allows it.
                prop_assert!(crop.side >= NATIVE.min(longest(&picture)));
                let mut needed = NATIVE;
                for &hole in &crop.holes {
                    let context = holes[hole].grown(longest(&holes[hole]).div_ceil(2), &picture);
                    prop_assert!(crop.rect.contains(&context));
                    needed = needed.max(longest(&context));
                }
                // Shown no smaller than its largest hole takes.
                prop_assert!(crop.side <= needed);
            }
            // No two could be one.
            let needs = |w: &Crop| w.holes.iter().map(|h| holes[*h].grown(longest(&holes[*h]).div_ceil(2), &picture))
                .reduce(|a, b| a.union(&b)).unwrap();
            let side = |needs: &Rect| longest(needs).max(NATIVE);
            for (i, a) in crops.iter().enumerate() {
                for b in &crops[i + 1..] {
                    let (a, b) = (needs(a), needs(b));
                    prop_assert!(side(&a.union(&b)) > side(&a).max(side(&b)));
                }
            }
        }
    }

    #[test]
    fn a_small_hole_keeps_its_pixels_and_borders_shift_the_crop() {
        let picture = Rect::of_size(4000, 3000);
        let corner = Rect { x: 3990, y: 0, width: 10, height: 10 };
        let crops = plan(picture, &[corner], NATIVE);
        assert_eq!(crops, [Crop { rect: Rect { x: 3488, y: 0, width: 512, height: 512 }, side: 512, holes: vec![0] }]);
        let middle = Rect { x: 2000, y: 1000, width: 100, height: 60 };
        let crop = &plan(picture, &[middle], NATIVE)[0];
        assert_eq!(crop.rect, Rect { x: 1794, y: 774, width: 512, height: 512 });
    }

    #[test]
    fn a_large_hole_is_shown_reduced_and_neighbours_share() {
        let picture = Rect::of_size(4000, 3000);
        let large = Rect { x: 1000, y: 1000, width: 600, height: 300 };
        let near = Rect { x: 1700, y: 1100, width: 40, height: 40 };
        let far = Rect { x: 3800, y: 2900, width: 40, height: 40 };
        let crops = plan(picture, &[large, near, far], NATIVE);
        assert_eq!(crops.len(), 2);
        assert_eq!((crops[0].side, crops[0].holes.as_slice()), (1200, [0, 1].as_slice()));
        assert_eq!((crops[1].side, crops[1].holes.as_slice()), (512, [2].as_slice()));
    }

    #[test]
    fn small_pictures_lines_and_panoramas_are_shown() {
        let of = |width, height, hole| plan(Rect::of_size(width, height), &[hole], NATIVE).remove(0);
        let small = of(300, 200, Rect { x: 10, y: 10, width: 20, height: 20 });
        assert_eq!((small.rect, small.side), (Rect::of_size(300, 200), 300));
        let line = of(4000, 1, Rect { x: 100, y: 0, width: 30, height: 1 });
        assert_eq!((line.rect, line.side), (Rect { x: 0, y: 0, width: 512, height: 1 }, 512));
        let panorama = of(8000, 400, Rect { x: 4000, y: 100, width: 900, height: 200 });
        assert_eq!((panorama.rect, panorama.side), (Rect { x: 3550, y: 0, width: 1800, height: 400 }, 1800));
    }
}
