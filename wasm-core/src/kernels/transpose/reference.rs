//! The plain form of the transposition.

/// Matrices of `rows` by `columns` to matrices of `columns` by `rows`.
pub fn transpose(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let turned = |m: &[f32]| (0..rows * columns).map(|i| m[i % rows * columns + i / rows]).collect::<Vec<_>>();
    x.chunks(rows * columns).flat_map(turned).collect()
}
