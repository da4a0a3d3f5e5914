//! The search, on pictures made here.

use super::plane::seen_in;
use super::*;
use crate::{Error, Unpaced};
use pollster::block_on;

/// Smooth ground with some texture, which differs from seed to seed.
fn ground(width: u32, height: u32, seed: u32) -> Image {
    let value = |x: u32, y: u32| {
        let (x, y, s) = (f64::from(x), f64::from(y), f64::from(seed));
        let waves = (x / (17.0 + s)).sin() + (y / (23.0 - s) + s).cos() + ((x + 2.0 * y) / 9.0).sin() * 0.4;
        let noise = (x as u32).wrapping_mul(2654435761).wrapping_add((y as u32).wrapping_mul(40503) ^ seed) >> 9 & 7;
        (120.0 + 25.0 * waves) as u8 + noise as u8
    };
    let rgba = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| {
        let v = value(x, y);
        [v, v.wrapping_add(10), v, 255]
    });
    Image::new(width, height, rgba.collect()).unwrap()
}

/// Whether a place of the mark, 0 to 1 in both directions, is drawn: a ring with a bar through it and a dot.
fn is_drawn(u: f64, v: f64) -> bool {
    let ring = ((u - 0.4).powi(2) + (v - 0.5).powi(2)).sqrt();
    (0.22..0.34).contains(&ring) || (v - 0.5).abs() < 0.05 && u < 0.8 || (u - 0.86).powi(2) + (v - 0.2).powi(2) < 0.01
}

const SIDES: (f64, f64) = (90.0, 60.0);

/// Draws the mark at a place: `level` counts for a share of .6.
fn put(image: &mut Image, at: (f64, f64), scale: f64, level: u8) {
    let rect = Rect {
        x: at.0 as u32,
        y: at.1 as u32,
        width: (SIDES.0 * scale).ceil() as u32 + 1,
        height: (SIDES.1 * scale).ceil() as u32 + 1,
    };
    let mut patch = image.crop(rect).unwrap();
    for ((x, y), pixel) in rect.places().zip(patch.rgba.chunks_exact_mut(4)) {
        let inside = |i: u32, j: u32| {
            let u = (f64::from(x) + (f64::from(i) + 0.5) / 4.0 - at.0) / (SIDES.0 * scale);
            let v = (f64::from(y) + (f64::from(j) + 0.5) / 4.0 - at.1) / (SIDES.1 * scale);
            (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v) && is_drawn(u, v)
        };
        let covered = (0..16).filter(|n| inside(n % 4, n / 4)).count();
        let share = covered as f64 / 16.0 * 0.6;
        for channel in &mut pixel[..3] {
            *channel = (f64::from(*channel) * (1.0 - share) + f64::from(level) * share).round() as u8;
        }
    }
    image.replace(&patch).unwrap();
}

/// The mark as it is learnt from a picture in which it was painted as a rectangle, and what was painted.
fn learnt(level: u8) -> (Mark, Mask) {
    let bare = ground(320, 240, 3);
    let mut image = bare.clone();
    put(&mut image, (100.0, 80.0), 1.0, level);
    let rect = Rect { x: 96, y: 76, width: 98, height: 68 };
    let mask = Mask::new(rect, vec![255; rect.area()]).unwrap();
    (Mark::between(&image, &bare.crop(rect).unwrap()).unwrap(), mask)
}

#[test]
fn a_mark_is_found_at_its_place_and_size_and_where_there_is_none_nothing_is() {
    let (mark, _) = learnt(250);
    for (seed, at, scale) in [(5, (30.0, 150.0), 1.0), (8, (301.0, 17.0), 0.83), (9, (201.0, 120.0), 1.19)] {
        let mut image = ground(640, 360, seed);
        assert_eq!(block_on(find(&mark, &image, &Unpaced)).unwrap(), [], "nothing is there yet");
        put(&mut image, at, scale, 250);
        let found = block_on(find(&mark, &image, &Unpaced)).unwrap();
        let [one] = found[..] else { panic!("{found:?}") };
        assert!((one.x - (at.0 - 4.0 * scale)).abs() < 2.0 && (one.y - (at.1 - 4.0 * scale)).abs() < 2.0, "{one:?}");
        assert!((one.scale / scale - 1.0).abs() < 0.03, "{one:?}");
    }
}

#[test]
fn all_copies_are_found_and_what_was_painted_is_laid_on_each() {
    let (mark, painted) = learnt(250);
    let mut image = ground(640, 360, 6);
    let places = [(40.0, 30.0), (420.0, 60.0), (210.0, 250.0)];
    places.iter().for_each(|at| put(&mut image, *at, 1.0, 250));
    let found = block_on(find(&mark, &image, &Unpaced)).unwrap();
    assert_eq!(found.len(), 3, "{found:?}");
    let mask = laid(&painted, &found, image.bounds()).unwrap().unwrap();
    for (x, y) in places {
        assert_eq!(mask.at(x as u32 + 45, y as u32 + 30), 255);
        assert_eq!(mask.at(x as u32 + 45, y as u32 + 75), 0, "beside it");
    }
}

#[test]
fn a_mark_that_is_brighter_here_and_darker_there_is_the_same() {
    let (mark, _) = learnt(250);
    let mut image = ground(640, 360, 7);
    put(&mut image, (300.0, 200.0), 1.0, 0);
    let found = block_on(find(&mark, &image, &Unpaced)).unwrap();
    assert!(matches!(found[..], [one] if (one.x - 296.0).abs() < 2.0 && (one.y - 196.0).abs() < 2.0), "{found:?}");
}

#[test]
fn the_colour_of_a_mark_is_that_in_which_it_differs_from_what_it_covers() {
    let red_on_grey = main_colour(&[[90, -80, -80], [60, -110, -110], [100, -70, -70]]);
    assert!(seen_in(red_on_grey, [50.0, 50.0, 50.0]).abs() < 40.0, "grey lines hardly show: {red_on_grey:?}");
    assert!(seen_in(red_on_grey, [90.0, -80.0, -80.0]).abs() > 140.0);
    let white = main_colour(&[[50; 3], [80; 3]]);
    assert!(white.iter().all(|part| (part - 1.0 / 3f32.sqrt()).abs() < 1e-3), "{white:?}");
    assert_eq!(main_colour(&[[0; 3]]), BRIGHTNESS);
}

#[test]
fn among_many_places_that_fit_alike_none_is_the_mark_unless_all_are_sure() {
    assert_eq!(copies(&[(0.66, 0.6), (0.65, 0.6), (0.64, 0.5), (0.6, 0.5)]), 0);
    assert_eq!(copies(&[(0.66, 0.6), (0.65, 0.6), (0.4, 0.3), (0.39, 0.3)]), 2);
    assert_eq!(copies(&[(0.9, 0.8), (0.85, 0.8), (0.8, 0.8), (0.7, 0.6)]), 3);
    assert_eq!(copies(&[(0.34, 0.3), (0.1, 0.1)]), 0);
    assert_eq!(copies(&[(0.6, 0.1), (0.4, 0.1)]), 0);
    assert_eq!(copies(&[(0.6, 0.1), (0.3, 0.1)]), 1, "far ahead");
    assert_eq!(copies(&[(0.4, 0.3)]), 1);
    assert_eq!(copies(&[]), 0);
}

#[test]
fn a_mark_in_bytes_is_the_same_and_odd_bytes_are_refused() {
    let (mark, _) = learnt(20);
    assert_eq!(Mark::from_bytes(mark.width, mark.height, &mark.to_bytes()).unwrap(), mark);
    assert!(matches!(Mark::from_bytes(3, 2, &[0; 12]), Err(Error::WrongLength(12, 36))));
    assert!(matches!(Mark::from_bytes(0, 2, &[]), Err(Error::EmptyMask)));
}

#[test]
fn pictures_smaller_than_the_mark_and_marks_of_a_line_are_searched_in_vain() {
    let (mark, _) = learnt(250);
    for (width, height) in [(1, 1), (90, 3), (5, 200), (97, 67)] {
        assert_eq!(block_on(find(&mark, &ground(width, height, 4), &Unpaced)).unwrap(), []);
    }
    let line = Mark { width: 300, height: 1, changes: vec![[90; 3]; 300] };
    assert!(block_on(find(&line, &ground(400, 200, 4), &Unpaced)).is_ok());
    let still = Mark { width: 4, height: 4, changes: vec![[0; 3]; 16] };
    assert_eq!(block_on(find(&still, &ground(400, 200, 4), &Unpaced)).unwrap(), []);
}
