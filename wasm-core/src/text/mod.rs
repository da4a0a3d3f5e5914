//! Finds lines and words of text, by their shapes alone: no letter is known, and nothing is downloaded for it.
//!
//! Strokes are thin and darker or lighter than the ground ([`plane`]); connected ones of a letter's size ([`parts`]) that stand beside each other
//! are lines ([`grouping`], [`boxes`]); wide gaps in a line are between words ([`words`]). That is done for dark and for light strokes, in the picture
//! and in reduced ones for large letters. What is found more than once, and what is rather texture, goes
//! ([`evidence`]). Of what is taken, only the strokes are masked ([`glyphs`]).

mod boxes;
mod evidence;
mod glyphs;
mod grouping;
mod line;
mod parts;
mod plane;
mod words;

pub use glyphs::glyphs;
pub use line::Line;

use crate::pixels::Image;
use crate::{Pacer, Result};
use plane::Plane;

/// Strokes are thinner than this, in pixels of the picture or of a reduced one.
const WINDOW: usize = 13;
/// The least contrast of a stroke to its ground, in levels; and how far around the largest contrast is looked for of which it has a share.
const FAINTEST: u8 = 24;
const AROUND: usize = 6;
/// Two shares are tried: the smaller one finds thin strokes as a whole, the larger one sets strong ones apart from texture that they touch.
const SHARES: [f32; 2] = [0.4, 0.6];
/// How often the picture is halved for large letters, and how high they are at least then, in pixels of the reduced picture.
const HALVINGS: u32 = 2;
const LARGE: f32 = 28.0;

/// The lines of text in a picture, from top to bottom.
///
/// Takes 4 bytes a pixel meanwhile, 10 in pure noise, and may be stopped between its steps, of some hundredths of a second each for two megapixels.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
pub async fn find(image: &Image, pacer: &dyn Pacer) -> Result<Vec<Line>> {
    let mut found = vec![];
    for is_dark in [true, false] {
        let mut plane = Plane::of(image, image.bounds());
        if !is_dark {
            plane = plane.inverted();
        }
        for halvings in 0..=HALVINGS {
            if halvings > 0 {
                plane = plane.halved();
            }
            pacer.checkpoint().await?;
            let hat = plane.thin_and_dark(WINDOW);
            pacer.checkpoint().await?;
            let largest = hat.largest_around(AROUND);
            for share in SHARES {
                pacer.checkpoint().await?;
                let ink = ink(&hat, &largest, share);
                let lines = lines_of(&plane, &ink, halvings, pacer).await?;
                let in_picture = |line: Line| line.in_picture(halvings, is_dark, image.bounds());
                found.extend(lines.into_iter().map(|(weight, line)| (weight, in_picture(line))));
            }
        }
    }
    pacer.checkpoint().await?;
    let mut lines = evidence::best(found);
    lines.sort_by_key(|line| (line.rect.y, line.rect.x));
    Ok(lines)
}

/// The contrast of the pixels that may belong to strokes; 0 for all others.
fn ink(hat: &Plane, largest: &Plane, share: f32) -> Plane {
    let levels = hat.levels.iter().zip(&largest.levels).map(|(hat, largest)| {
        let least = FAINTEST.max((share * f32::from(*largest)) as u8);
        if *hat >= least { *hat } else { 0 }
    });
    Plane { levels: levels.collect(), ..*hat }
}

/// The lines of one ink, in the pixels of its plane, with how much speaks for each.
async fn lines_of(plane: &Plane, ink: &Plane, halvings: u32, pacer: &dyn Pacer) -> Result<Vec<(f32, Line)>> {
    let parts = parts::parts(plane, ink, pacer).await?;
    pacer.checkpoint().await?;
    let groups = grouping::lines(&parts);
    pacer.checkpoint().await?;
    let lowest = if halvings > 0 { LARGE } else { 0.0 };
    let large = groups.into_iter().filter(|group| words::height(group) >= lowest);
    let weighed = large.filter_map(|group| {
        // Ink counts in the picture's own pixels.
        let weight = evidence::weight(&group, plane, ink)? * 4f32.powi(halvings as i32);
        Some((weight, Line { rect: group.rect, words: words::words(&group, ink), is_dark: true }))
    });
    Ok(weighed.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::pacer::{StopsAt, Unpaced};
    use crate::pixels::Rect;
    use std::cell::Cell;

    /// Two words of bars, dots above some of them, in a corner of a picture; `ink` and `ground` are levels.
    fn words(ink: u8, ground: impl Fn(u32, u32) -> u8) -> Image {
        let is_ink = |x: u32, y: u32| {
            let is_bar =
                (60..70).contains(&y) && [40, 46, 52, 58, 69, 75, 81].iter().any(|bar| (*bar..bar + 3).contains(&x));
            is_bar || ((56..58).contains(&y) && (46..48).contains(&x))
        };
        let level = |x, y| if is_ink(x, y) { ink } else { ground(x, y) };
        let rgba = Rect::of_size(160, 120).places().flat_map(|(x, y)| {
            let level = level(x, y);
            [level, level, level, 255]
        });
        Image::new(160, 120, rgba.collect()).unwrap()
    }

    fn found(image: &Image) -> Vec<Line> {
        pollster::block_on(find(image, &Unpaced)).unwrap()
    }

    #[test]
    fn words_are_told_by_the_gaps_between_them_dark_or_light() {
        for (ink, ground, is_dark) in [(20, 230, true), (240, 30, false), (150, 220, true)] {
            let [line] = &found(&words(ink, |_, _| ground))[..] else { panic!("one line") };
            assert_eq!(line.is_dark, is_dark);
            assert_eq!(line.rect, Rect { x: 40, y: 56, width: 44, height: 14 }, "with its dot");
            let expected = [Rect { x: 40, y: 56, width: 21, height: 14 }, Rect { x: 69, y: 60, width: 15, height: 10 }];
            assert_eq!(line.words, expected);
        }
    }

    #[test]
    fn where_nothing_stands_out_nothing_is_found() {
        assert_eq!(found(&words(100, |_, _| 100)), []);
        let shade = Rect::of_size(160, 120).places().flat_map(|(x, y)| [(x + y / 2) as u8, x as u8, y as u8, 255]);
        assert_eq!(found(&Image::new(160, 120, shade.collect()).unwrap()), []);
        let rule = Rect::of_size(160, 120).places().flat_map(|(_, y)| {
            let level = if y.abs_diff(60) < 2 { 0 } else { 255 };
            [level, level, level, 255]
        });
        assert_eq!(found(&Image::new(160, 120, rule.collect()).unwrap()), []);
    }

    #[test]
    fn finding_stops_at_any_of_its_checkpoints() {
        let image = words(20, |_, _| 230);
        for at in 0..20 {
            let stopped = pollster::block_on(find(&image, &StopsAt(Cell::new(at)))).err();
            assert!(matches!(stopped, Some(Error::Cancelled)), "at the checkpoint {at}");
        }
    }

    #[test]
    fn any_picture_is_answered_within_its_bounds() {
        for (width, height) in [(1, 1), (2, 3), (1, 300), (9000, 2), (37, 41), (130, 90)] {
            for step in [1, 37, 91] {
                let rgba =
                    (0..width * height).flat_map(|i: u32| [(i * step % 256) as u8, (i / 3 * 91 % 256) as u8, 7, 255]);
                let image = Image::new(width, height, rgba.collect()).unwrap();
                for line in found(&image) {
                    assert!(image.bounds().contains(&line.rect));
                    assert!(line.words.iter().all(|word| line.rect.contains(word)));
                }
            }
        }
    }
}
