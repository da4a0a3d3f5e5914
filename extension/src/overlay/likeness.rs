//! Whether two copies show one picture, judged on small ones: a site may give another picture than the one that its page shows.

/// Side of the copies that are compared, in pixels.
pub const SIDE: u32 = 48;
/// Side of the tiles that are compared one by one, in pixels: a caption over a part of the picture, or all of it dimmed, leaves most of them alike.
const TILE: usize = 8;
/// Correlation of their brightness from which two tiles are alike.
const ALIKE: f64 = 0.7;
/// Share of the tiles that have to be alike. Tiles of different pictures are alike by chance, about one in five of smooth ones.
const ENOUGH: f64 = 0.45;
/// Standard deviation of brightness (levels) below which a tile is plain, so that correlation says nothing.
const PLAIN: f64 = 3.0;
/// By how many levels plain pictures may differ.
const NEAR: f64 = 24.0;

/// Whether two pictures of [`SIDE`] pixels a side, RGBA, are surely or possibly one. Only tiles count whose corners `is_in` says are in both: round
/// corners cut others off, and something else is seen there.
pub fn alike(a: &[u8], b: &[u8], is_in: impl Fn(usize, usize) -> bool) -> bool {
    let (a, b) = (brightness(a), brightness(b));
    let side = SIDE as usize;
    let (mut told, mut same) = (0, 0);
    // By how much the tiles that count differ in brightness.
    let mut means = vec![];
    let last = TILE - 1;
    let whole = |x, y| [(x, y), (x + last, y), (x, y + last), (x + last, y + last)].iter().all(|(x, y)| is_in(*x, *y));
    let tiles = (0..side).step_by(TILE).flat_map(|y| (0..side).step_by(TILE).map(move |x| (x, y)));
    for corner in tiles.filter(|(x, y)| whole(*x, *y)).map(|(x, y)| y * side + x) {
        let tile = |values: &[f64]| -> Vec<f64> {
            (0..TILE * TILE).filter_map(|i| values.get(corner + i / TILE * side + i % TILE).copied()).collect()
        };
        let (a, b) = (tile(&a), tile(&b));
        means.push(mean(&a) - mean(&b));
        let (spread_a, spread_b) = (covariance(&a, &a).sqrt(), covariance(&b, &b).sqrt());
        if spread_a.max(spread_b) >= PLAIN {
            told += 1;
            same += usize::from(covariance(&a, &b) > ALIKE * spread_a * spread_b && spread_a.min(spread_b) > 0.0);
        }
    }
    if told == 0 { mean(&means).abs() < NEAR } else { same as f64 >= ENOUGH * f64::from(told) }
}

fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    a.iter().zip(b).map(|(x, y)| (x - mean_a) * (y - mean_b)).sum::<f64>() / a.len().max(1) as f64
}

/// The brightness of pixels as they lie on white.
fn brightness(rgba: &[u8]) -> Vec<f64> {
    let on_white = |value: u8, alpha: u8| 255.0 - (255.0 - f64::from(value)) * f64::from(alpha) / 255.0;
    rgba.chunks_exact(4)
        .map(|p| 0.3 * on_white(p[0], p[3]) + 0.6 * on_white(p[1], p[3]) + 0.1 * on_white(p[2], p[3]))
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture by its brightness at each place, from 0 to 1.
    fn picture(at: impl Fn(f64, f64) -> f64) -> Vec<u8> {
        let places =
            (0..SIDE * SIDE).map(|i| (f64::from(i % SIDE) / f64::from(SIDE), f64::from(i / SIDE) / f64::from(SIDE)));
        places
            .flat_map(|(x, y)| {
                let v = (at(x, y) * 255.0).round() as u8;
                [v, v, v, 255]
            })
            .collect()
    }

    fn alike(a: &[u8], b: &[u8]) -> bool {
        super::alike(a, b, |_, _| true)
    }

    fn hills(x: f64, y: f64) -> f64 {
        0.5 + 0.3 * (9.0 * x).sin() * (7.0 * y).cos()
    }

    fn other(x: f64, y: f64) -> f64 {
        0.5 + 0.3 * (4.0 * x + 11.0 * y).sin()
    }

    #[test]
    fn a_picture_is_like_itself_also_dimmed_or_under_a_caption() {
        let own = picture(hills);
        assert!(alike(&own, &own));
        assert!(alike(&own, &picture(|x, y| hills(x, y) * 0.4)), "dimmed, as under a pointer");
        assert!(alike(&own, &picture(|x, y| if y > 0.8 { 0.1 } else { hills(x, y) })), "with a caption");
        assert!(alike(&own, &picture(|x, y| hills(x + 0.01, y))), "a fraction of a pixel beside");
    }

    #[test]
    fn what_round_corners_cut_off_does_not_count() {
        // Plain in the middle, so that most of what tells pictures apart is cut off.
        let inside = |x: f64, y: f64| (x - 0.5).hypot(y - 0.5) < 0.5;
        let whole = |x: f64, y: f64| if inside(x, y) && x > 0.4 { 0.5 } else { hills(x, y) };
        let (own, round) = (picture(whole), picture(|x, y| if inside(x, y) { whole(x, y) } else { 1.0 }));
        let is_in = |x: usize, y: usize| inside((x as f64 + 0.5) / f64::from(SIDE), (y as f64 + 0.5) / f64::from(SIDE));
        assert!(super::alike(&own, &round, is_in));
        assert!(!super::alike(&own, &picture(|x, y| if inside(x, y) { other(x, y) } else { 1.0 }), is_in));
    }

    #[test]
    fn another_picture_is_not() {
        let own = picture(hills);
        assert!(!alike(&own, &picture(other)));
        assert!(!alike(&own, &picture(|_, _| 0.9)), "a placeholder");
        assert!(!alike(&own, &picture(|x, y| 1.0 - hills(x, y))), "its negative");
    }

    #[test]
    fn plain_pictures_are_told_apart_by_their_brightness() {
        assert!(alike(&picture(|_, _| 0.5), &picture(|x, _| 0.5 + 0.01 * x)));
        assert!(!alike(&picture(|_, _| 0.5), &picture(|_, _| 0.9)));
    }
}
