//! The plain form of Winograd's F(4x4, 3x3), one tile at a time and in f64.
//!
//! Winograd, "Arithmetic complexity of computations" (1980); Lavin, Gray, "Fast algorithms for convolutional neural networks"
//! (arXiv:1509.09308). Any six different points give such an algorithm; these lose the least in f32 (Barabasz et al., arXiv:1803.10986, for the
//! kind of search).

/// The finite points; the sixth is infinity.
const POINTS: [f64; 5] = [0.0, 0.75, -0.75, 1.5, -1.5];

/// `A^T`: sums of six products to four results.
pub fn gather() -> [[f64; 6]; 4] {
    std::array::from_fn(|i| {
        std::array::from_fn(|j| POINTS.get(j).map_or(f64::from(u8::from(i == 3)), |p| p.powi(i as i32)))
    })
}

/// `G`: three weights to six.
pub fn spread() -> [[f64; 3]; 6] {
    std::array::from_fn(|j| {
        let Some(point) = POINTS.get(j) else { return [0.0, 0.0, 1.0] };
        let distances: f64 = others(j).map(|other| point - other).product();
        [1.0 / distances, point / distances, point * point / distances]
    })
}

/// `B^T`: six pixels to six.
pub fn sample() -> [[f64; 6]; 6] {
    std::array::from_fn(|j| {
        let mut product = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        for root in others(j) {
            let lower = product;
            product = std::array::from_fn(|i| if i == 0 { 0.0 } else { lower[i - 1] } - root * lower[i]);
        }
        product
    })
}

/// The finite points but the `j`-th.
fn others(j: usize) -> impl Iterator<Item = f64> {
    (0..POINTS.len()).filter(move |&i| i != j).map(|i| POINTS[i])
}

/// 4x4 results of a 3x3 filter on a tile of 6x6 pixels.
pub fn tile(filter: &[[f64; 3]; 3], pixels: &[[f64; 6]; 6]) -> [[f64; 4]; 4] {
    let filter = both(&spread(), filter);
    let pixels = both(&sample(), pixels);
    let products: [[f64; 6]; 6] = std::array::from_fn(|i| std::array::from_fn(|j| filter[i][j] * pixels[i][j]));
    both(&gather(), &products)
}

/// `T X T^T`.
fn both<const TO: usize, const FROM: usize>(t: &[[f64; FROM]; TO], x: &[[f64; FROM]; FROM]) -> [[f64; TO]; TO] {
    let down: [[f64; FROM]; TO] =
        std::array::from_fn(|i| std::array::from_fn(|j| t[i].iter().zip(x).map(|(factor, row)| factor * row[j]).sum()));
    std::array::from_fn(|i| {
        std::array::from_fn(|j| t[j].iter().zip(&down[i]).map(|(factor, value)| factor * value).sum())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_is_the_convolution() {
        let filter = std::array::from_fn(|i| std::array::from_fn(|j| ((7 * i + 3 * j) % 5) as f64 - 1.5));
        let pixels = std::array::from_fn(|i| std::array::from_fn(|j| ((5 * i + 11 * j) % 7) as f64 - 2.5));
        let found = tile(&filter, &pixels);
        for (i, j) in (0..16).map(|at| (at / 4, at % 4)) {
            let expected: f64 = (0..9).map(|t| filter[t / 3][t % 3] * pixels[i + t / 3][j + t % 3]).sum();
            assert!((found[i][j] - expected).abs() < 1e-12, "{} is not {expected}", found[i][j]);
        }
    }
}
