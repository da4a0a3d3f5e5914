//! Changes of size against Pillow's, to the bit: our two filters, and nearest-neighbour sampling, which only the reference's command line uses.

use wasm_core::pixels::{Filter, resize};

use crate::rig::{differing, picture, report};

/// With our own filter, or [`nearest`] where there is none.
fn resized(pixels: &[u8], channels: usize, from: (u32, u32), to: (u32, u32), filter: Option<Filter>) -> Vec<u8> {
    filter.map_or_else(
        || nearest(pixels, channels, from, to),
        |filter| resize(pixels, channels, from, to, filter).unwrap(),
    )
}

/// Resizes interleaved `pixels`, `[height, width, channels]`; sizes are `(width, height)`.
fn nearest(pixels: &[u8], channels: usize, from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    let (columns, rows) = (hits(from.0, to.0), hits(from.1, to.1));
    let mut result = Vec::with_capacity(columns.len() * rows.len() * channels);
    let length = from.0 as usize * channels;
    for y in rows {
        let row = &pixels[y * length..][..length];
        for x in &columns {
            result.extend_from_slice(&row[x * channels..][..channels]);
        }
    }
    result
}

/// Which pixel each one of the result is.
///
/// In real numbers `floor((i + 0.5) * from / to)`. Pillow adds up the step in f64, and where the product is whole the
/// error of the sum decides; so it is added up here, too.
fn hits(from: u32, to: u32) -> Vec<usize> {
    let step = f64::from(from) / f64::from(to);
    let positions = std::iter::successors(Some(step * 0.5), |at| Some(at + step));
    // At 2^20 steps the error is far below half a step, but the last pixel is worth a guarantee.
    positions.take(to as usize).map(|at| (at as usize).min(from as usize - 1)).collect()
}

#[test]
fn resized_fixtures_are_pillows_to_the_bit() {
    for (source, result, filter) in [
        ("prepost_image_900x600", "prepost_image_lanczos_768x512", Some(Filter::Lanczos)),
        ("prepost_image_900x600", "prepost_image_bicubic_512x512", Some(Filter::Bicubic)),
        ("prepost_mask_900x600", "prepost_mask_nearest_512x512", None),
        ("pipe_image_200x160", "pipe_image_resized_128", Some(Filter::Lanczos)),
    ] {
        let (pixels, from, channels) = picture(source);
        let (expected, to, _) = picture(result);
        let found = resized(&pixels, channels, from, to, filter);
        let differ = differing(&found, &expected);
        let count = expected.len();
        report(&format!("parity resample {result}: {differ} of {count} samples differ"));
        assert_eq!(differ, 0);
    }
}

/// Pixels from a formula and sizes that are awkward: the sums are of what Pillow 12.3.0 made of them.
#[test]
fn odd_sizes_are_pillows_to_the_bit() {
    let mut figures = vec![];
    for (from, to, channels, sums) in ODD {
        let pixels: Vec<u8> = (0..from.0 as usize * from.1 as usize * channels).map(scrambled).collect();
        for (filter, expected) in [None, Some(Filter::Bicubic), Some(Filter::Lanczos)].into_iter().zip(sums) {
            let found = resized(&pixels, channels, from, to, filter);
            assert_eq!(fnv(&found), expected, "{from:?} {to:?} {channels} {filter:?}");
            figures.push(found.len());
        }
    }
    let (count, samples) = (figures.len(), figures.iter().sum::<usize>());
    report(&format!("parity resample odd sizes: 0 of {samples} samples in {count} pictures differ"));
}

/// Sizes, channels, and FNV-1a sums of Pillow's results: nearest, bicubic, Lanczos.
type Odd = ((u32, u32), (u32, u32), usize, [u64; 3]);
const ODD: [Odd; 12] = [
    ((1, 1), (1, 7), 1, [0x778b_1a14_b687_6aa7, 0x778b_1a14_b687_6aa7, 0x778b_1a14_b687_6aa7]),
    ((1, 1), (5, 3), 3, [0xf2d0_b351_7243_7d5d, 0xf2d0_b351_7243_7d5d, 0xf2d0_b351_7243_7d5d]),
    ((7, 5), (1, 1), 3, [0x0258_dc1a_c733_3b48, 0x2d3a_c41a_df5d_8af2, 0x2d38_371a_df5c_1884]),
    ((3, 2), (8, 9), 1, [0xefcf_0f5d_4ed4_0c04, 0xcd9a_a4e2_61a5_9ba5, 0x042d_6190_0360_56a3]),
    ((2, 7), (5, 1), 1, [0x85d8_bb08_57bf_3f72, 0xbfc2_d141_12f6_05cc, 0xb8cc_fd71_1518_fc49]),
    ((13, 11), (13, 4), 3, [0xead7_c527_08eb_706c, 0x9545_e5db_3aff_b5f4, 0x31e2_8448_c8d3_ba02]),
    ((13, 11), (29, 11), 1, [0x05a1_5e00_f983_e118, 0x48b2_6ef3_c03f_7d4c, 0x105a_d034_70a7_3cd4]),
    ((33, 50), (50, 33), 3, [0x0307_2e9f_7563_db36, 0xa219_d525_4c08_23db, 0xf6cf_b3f9_226c_f934]),
    ((101, 67), (64, 64), 1, [0xe8fc_80dc_126d_4a0d, 0x5fdc_26f3_1388_114a, 0x9d77_4b69_0913_be30]),
    ((64, 64), (197, 203), 3, [0x37dd_5adc_38b7_e970, 0x44b0_b76b_e9b4_5ac2, 0xd2b2_b98c_717d_4b14]),
    ((197, 31), (19, 150), 1, [0xe580_47ca_722c_eadd, 0x0ddc_f533_f737_13a3, 0x967b_d505_c94c_ec85]),
    ((999, 3), (10, 40), 3, [0xc49e_8b4a_b791_e5be, 0xd2a1_c78a_6e4f_39a4, 0x657a_31e8_2270_2288]),
];

fn scrambled(i: usize) -> u8 {
    ((i as u32).wrapping_mul(2_654_435_761) >> 24) as u8
}

fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
