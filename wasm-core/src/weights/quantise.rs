//! Weights in 8 bits: symmetric, with a scale for each output channel.
//!
//! `w ~ scale * q` with whole `q` from -127 to 127, and `scale` the largest magnitude of the channel over 127.

/// Largest magnitude of a quantised weight. -128 stays unused, so that negation is exact.
const MAX_QUANTISED: f32 = 127.0;

/// The scale of each of `rows` rows of a row-major matrix.
pub fn scales(values: &[f32], rows: usize) -> Vec<f32> {
    let most = |row: &[f32]| row.iter().fold(0.0, |most: f32, v| most.max(v.abs()));
    each_row(values, rows).map(|row| most(row) / MAX_QUANTISED).collect()
}

/// A row-major matrix in 8 bits, with the given scale for each row.
pub fn quantise(values: &[f32], scales: &[f32]) -> Vec<i8> {
    let quantised = |(row, scale): (&[f32], &f32)| {
        let inverse = if *scale > 0.0 { 1.0 / scale } else { 0.0 };
        row.iter().map(|v| (v * inverse).round().clamp(-MAX_QUANTISED, MAX_QUANTISED) as i8).collect::<Vec<_>>()
    };
    each_row(values, scales.len()).zip(scales).flat_map(quantised).collect()
}

/// Undoes [`quantise`], up to its rounding.
pub(super) fn restore(values: &mut [f32], scales: &[f32]) {
    let length = values.len() / scales.len().max(1);
    for (row, scale) in values.chunks_exact_mut(length.max(1)).zip(scales) {
        row.iter_mut().for_each(|v| *v *= scale);
    }
}

fn each_row(values: &[f32], rows: usize) -> impl Iterator<Item = &[f32]> {
    values.chunks_exact((values.len() / rows.max(1)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_restored_is_within_half_a_step(
            rows in proptest::collection::vec(proptest::collection::vec(-3.0_f32..3.0, 7), 1..5),
        ) {
            let values = rows.concat();
            let scales = scales(&values, rows.len());
            let mut restored: Vec<f32> = quantise(&values, &scales).into_iter().map(f32::from).collect();
            restore(&mut restored, &scales);
            for (at, (a, b)) in values.iter().zip(&restored).enumerate() {
                prop_assert!((a - b).abs() <= scales[at / 7] * 0.5001, "{} became {}", a, b);
            }
        }
    }

    #[test]
    fn a_row_of_zeros_stays_one() {
        let scales = scales(&[0.0, 0.0, 2.0, -4.0], 2);
        assert_eq!(quantise(&[0.0, 0.0, 2.0, -4.0], &scales), [0, 0, 64, -127]);
    }
}
