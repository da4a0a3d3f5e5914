//! Made-up tensors, the same ones on every machine, so that networks filled with them can be compared to the last bit.
//!
//! A value is a 64-bit hash of its tensor's name and its index (FNV-1a of the name, then SplitMix64 for the index). The
//! last part of the name decides the range of the values, so that activations neither explode nor vanish. Values are
//! rounded to 16 bits, so that 16-bit files hold them exactly.

use super::source::{Dtype, Index, Source, TensorInfo, damaged, elements, room};
use crate::Result;
use half::f16;

/// The scale at which [`input`] has a variance of one: the square root of three.
pub const UNIT_VARIANCE: f32 = 1.732_050_8;

/// Planes of the UNet's input, and which of them is the mask.
const UNET_PLANES: usize = 9;
const UNET_MASK: usize = 4;

/// A state dict of made-up values.
#[derive(Debug)]
pub struct Synthetic {
    index: Index,
    seed: u64,
}

impl Synthetic {
    /// Tensors of these names and shapes, with the values from which the reference's numbers were computed.
    ///
    /// # Errors
    /// [`WeightsError::Damaged`](crate::WeightsError::Damaged) for names that occur twice and tensors beyond the
    /// limits of files.
    pub fn new(tensors: impl IntoIterator<Item = (String, Vec<usize>)>) -> Result<Self> {
        Self::seeded(0, tensors)
    }

    /// The same tensors with other values for each seed; seed 0 is [`Synthetic::new`].
    ///
    /// # Errors
    /// As [`Synthetic::new`].
    pub fn seeded(seed: u64, tensors: impl IntoIterator<Item = (String, Vec<usize>)>) -> Result<Self> {
        let infos = tensors.into_iter().map(|(name, shape)| {
            let dtype = if last(&name) == "num_batches_tracked" { Dtype::I64 } else { Dtype::F16 };
            TensorInfo { name, shape, dtype }
        });
        Ok(Self { index: Index::new(infos.collect())?, seed })
    }
}

impl Source for Synthetic {
    fn tensors(&self) -> &[TensorInfo] {
        &self.index.infos
    }

    fn read(&self, name: &str) -> Result<Vec<f32>> {
        let shape = &self.index.infos[self.index.find(name)?].shape;
        let count = elements(shape).ok_or_else(|| damaged("a tensor is too large"))?;
        let (centre, reach) = range(name, shape);
        let seed = seed(name) ^ self.seed;
        let mut values = room(count)?;
        values.extend((0..count as u64).map(|at| f16::from_f32(centre + reach * unit(seed, at)).to_f32()));
        Ok(values)
    }
}

/// Made-up activations: `count` values within `scale` of zero, not rounded.
pub fn input(name: &str, count: usize, scale: f32) -> Vec<f32> {
    let seed = seed(name);
    (0..count as u64).map(|at| unit(seed, at) * scale).collect()
}

/// Made-up input of the UNet, `[batch, 9, side, side]`: as [`input`] at [`UNIT_VARIANCE`], but the plane of the
/// mask holds only 0 and 1.
pub fn unet_input(name: &str, batch: usize, side: usize) -> Vec<f32> {
    let plane = side * side;
    let mut values = input(name, batch * UNET_PLANES * plane, UNIT_VARIANCE);
    for picture in values.chunks_exact_mut((UNET_PLANES * plane).max(1)) {
        for value in &mut picture[UNET_MASK * plane..(UNET_MASK + 1) * plane] {
            *value = f32::from(*value >= 0.0);
        }
    }
    values
}

/// Centre and half width of a tensor's values.
fn range(name: &str, shape: &[usize]) -> (f32, f32) {
    match (last(name), shape) {
        ("num_batches_tracked", _) => (0.0, 0.0),
        ("running_var", _) => (1.0, 0.5),
        ("running_mean" | "bias", _) => (0.0, 0.1),
        ("rel_pos_emb", _) => (0.0, 0.3),
        _ if name == "embedding_layer.weight" => (0.0, 1.0),
        (_, [_]) => (1.0, 0.2),
        (_, shape) => {
            let inputs: usize = shape.iter().skip(1).product();
            (0.0, (3.0 / inputs as f64).sqrt() as f32)
        }
    }
}

/// The part of a name after its last dot.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// FNV-1a.
fn seed(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// SplitMix64.
fn mixed(seed: u64, at: u64) -> u64 {
    let z = seed.wrapping_add(at.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A value from -1 to 1, exact: 24 bits are what an `f32` holds.
fn unit(seed: u64, at: u64) -> f32 {
    (mixed(seed, at) >> 40) as f32 / 16_777_216.0 * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and shape; seed, hash of the first place and last value; the first eight values; their bits as binary16.
    const WEIGHTS: &str = "
        embedding_layer.weight 20,3072
        6241971c000ca76a fc3cbe0f8df9f17a -0.475830078
        0.970703125 0.181884766 0.417236328 0.653808594 -0.920898438 0.858886719 -0.586914062 -0.320068359
        3bc4 31d2 36ad 393b bb5e 3adf b8b2 b51f
        diff_model.conv_in.conv_dw.weight 9,1,3,3
        9c63cf8af155e7dc 1e1ee9fc951270f8 0.532714844
        -0.44140625 0.497802734 -0.143920898 0.203491211 -0.266113281 -0.1015625 -0.422119141 0.217041016
        b710 37f7 b09b 3283 b442 ae80 b6c1 32f2
        diff_model.conv_in.bn1.running_var 9
        58dd7b106f3d9c3c a2e54c5c42a66559 0.967285156
        1.13671875 0.721679688 1.11328125 1.04492188 0.989257812 1.13867188 1.30664062 1.24121094
        3c8c 39c6 3c74 3c2e 3bea 3c8e 3d3a 3cf7
        diff_model.conv_in.bn1.running_mean 9
        cc93a2b2a03ce6aa 2858fa17dc184734 0.0946655273
        -0.0684814453 0.0327453613 0.0176544189 0.0651855469 0.0418395996 0.0755004883 -0.0569763184 0.0391845703
        ac62 2831 2485 2c2c 295b 2cd5 ab4b 2904
        diff_model.conv_in.bn1.weight 9
        8aa182206943708f 02c3ffb2ecdd57f2 0.852539062
        0.804199219 0.973632812 1.1640625 0.827636719 1.11621094 0.877929688 1.15820312 0.998046875
        3a6f 3bca 3ca8 3a9f 3c77 3b06 3ca2 3bfc
        diff_model.conv_in.bn1.bias 9
        35fccb436dd9f29a 5170fb4c9dcd47a2 0.05859375
        -0.0363769531 -0.00151824951 -0.00743484497 0.024017334 0.0917358398 0.0279388428 0.0616149902 0.0778198242
        a8a8 9638 9f9d 2626 2ddf 2727 2be3 2cfb
        diff_model.time_embedding.linear_1.weight 1280,320
        7a3af9cf14b0afda 41695abba648444d 0.0738525391
        -0.0473327637 -0.0786132812 0.0412597656 0.0296173096 0.0845336914 -0.0563049316 0.0440979004 0.0658569336
        aa0f ad08 2948 2795 2d69 ab35 29a5 2c37
        diff_model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.pos_conv.weight 40,1,1,15,15
        a3c8663f7c6bf12f e7d5f7113c275b8b -0.00425720215
        0.0936889648 -0.104370117 -0.0233764648 -0.108764648 0.0770874023 -0.0665283203 -0.111633301 0.0534667969
        2dff aeae a5fc aef6 2cef ac42 af25 2ad8
        diff_model.down_blocks.0.attentions.0.transformer_blocks.0.attn2.rel_pos_emb 4096,10,40,1
        966e5b9baedfc392 275d6d0b4fa60cf4 0.240234375
        -0.207763672 -0.213134766 0.169799805 0.0599060059 -0.247558594 0.293701172 -0.102722168 0.00342750549
        b2a6 b2d2 316f 2bab b3ec 34b3 ae93 1b05
        diff_model.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight 40,768
        3d5b6d9116421920 aa6bc80aef6a190b 0.0127105713
        0.0207061768 0.0152359009 -0.00804901123 0.0332336426 0.0368347168 0.0617675781 0.0450134277 0.0314025879
        254d 23cd a01f 2841 28b7 2be8 29c3 2805
        encoder.conv_in.weight 128,3,3,3
        3e23f4d025ebb279 722c0c52d2afb700 -0.244262695
        -0.0360107422 -0.104125977 -0.196899414 -0.0379333496 0.0391540527 -0.270996094 0.0270080566 0.0591430664
        a89c aeaa b24d a8db 2903 b456 26ea 2b92
        encoder.mid_block.attentions.0.to_q.weight 512,512
        f6f39afb9a2f3dc3 1e21f5667e1e5700 0.00747680664
        -0.0585327148 0.0530090332 0.0547790527 -0.0151138306 -0.0385437012 -0.0681762695 -0.00143814087 -0.00638580322
        ab7e 2ac9 2b03 a3bd a8ef ac5d 95e4 9e8a
        decoder.conv_norm_out.weight 128
        156e1822bbe2fec7 427fa821d7ecfda5 0.900390625
        0.903808594 1.13574219 1.11328125 0.861328125 0.904296875 0.928710938 1.125 1.18164062
        3b3b 3c8b 3c74 3ae4 3b3c 3b6e 3c80 3cba
        post_quant_conv.weight 4,4,1,1
        a33bd406497d606c f6ce5522af4b3452 0.092956543
        0.803710938 0.561523438 -0.722167969 0.242553711 -0.466552734 0.0697021484 0.182617188 0.508300781
        3a6e 387e b9c7 33c3 b777 2c76 31d8 3811
    ";

    /// Name, seed and scale; the first eight values.
    const INPUTS: &str = "
        input.unet_full.sample 6fb24a81318c6e45 1.7320508
        -1.27418864 -0.888095856 1.25197852 -1.464903 0.592965543 -1.67108238 -0.960803688 -0.333340883
        input.unet_tiny.sample c6eb4e0612f5b23c 1.7320508
        -0.809110761 0.99265784 1.3474046 -1.54304254 -1.39978707 -0.0116314432 -0.970777154 -0.753401518
        input.vae_full.image 9a60cb42592ef2ac 1.0
        -0.372514844 0.302291751 -0.998750091 0.770534754 0.31348896 0.355581641 -0.966266751 0.0234472752
        input.pipe.noise 813be3de14d4bec3 1.7320508
        1.57413983 -0.236672297 1.23515999 -1.16752183 1.34453583 1.50357997 -1.60701644 -0.328772604
    ";

    /// The table's records, of so many lines of words each.
    fn records<const N: usize>(table: &'static str) -> Vec<[Vec<&'static str>; N]> {
        let lines: Vec<Vec<&str>> = table.trim().lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(lines.len().is_multiple_of(N));
        lines.as_chunks().0.to_vec()
    }

    fn hash(word: &str) -> u64 {
        u64::from_str_radix(word, 16).unwrap()
    }

    /// Nine digits name one `f32`.
    fn values(words: &[&str]) -> Vec<f32> {
        words.iter().map(|word| word.parse().unwrap()).collect()
    }

    #[test]
    fn names_are_hashed_as_fnv_1a_does() {
        assert_eq!((seed(""), seed("a")), (0xCBF2_9CE4_8422_2325, 0xAF63_DC4C_8601_EC8C));
    }

    #[test]
    fn parity_weights_are_those_of_the_test_vectors() {
        let records = records(WEIGHTS);
        assert_eq!(records.len(), 14);
        for [head, hashes, first, bits] in records {
            let [name, shape] = head[..] else { panic!() };
            let shape: Vec<usize> = shape.split(',').map(|length| length.parse().unwrap()).collect();
            let count = shape.iter().product::<usize>();
            let found = Synthetic::new([(name.to_owned(), shape)]).unwrap().read(name).unwrap();
            assert_eq!(seed(name), hash(hashes[0]), "{name}");
            assert_eq!(mixed(seed(name), 0), hash(hashes[1]), "{name}");
            assert_eq!(found.len(), count, "{name}");
            assert_eq!((&found[..8], &found[count - 1..]), (&values(&first)[..], &values(&hashes[2..])[..]), "{name}");
            let rounded: Vec<u64> = found[..8].iter().map(|value| f16::from_f32(*value).to_bits().into()).collect();
            assert_eq!(rounded, bits.iter().map(|bits| hash(bits)).collect::<Vec<_>>(), "{name}");
            assert!(found.iter().all(|value| f16::from_f32(*value).to_f32() == *value), "{name}");
        }
    }

    #[test]
    fn every_seed_gives_other_values_of_the_same_range() {
        let of = |seed| {
            let source = Synthetic::seeded(seed, [("conv.weight".to_owned(), vec![40, 30])]).unwrap();
            source.read("conv.weight").unwrap()
        };
        assert_eq!(
            of(0),
            Synthetic::new([("conv.weight".to_owned(), vec![40, 30])]).unwrap().read("conv.weight").unwrap()
        );
        for (a, b) in [(0, 1), (1, 2), (0, u64::MAX)] {
            let same = of(a).iter().zip(of(b)).filter(|(a, b)| **a == *b).count();
            assert!(same < 10, "{same} of 1200 values are the same for {a} and {b}");
        }
        let reach = (3.0f32 / 30.0).sqrt();
        assert!(of(1).iter().all(|value| value.abs() <= reach) && of(1).iter().any(|value| value.abs() > 0.9 * reach));
    }

    #[test]
    fn counters_are_zero_and_whole() {
        let source = Synthetic::new([("bn.num_batches_tracked".to_owned(), vec![])]).unwrap();
        assert_eq!(source.tensors()[0].dtype, Dtype::I64);
        assert_eq!(source.read("bn.num_batches_tracked").unwrap(), [0.0]);
    }

    #[test]
    fn parity_inputs_are_those_of_the_test_vectors() {
        let records = records(INPUTS);
        assert_eq!(records.len(), 4);
        for [head, expected] in records {
            assert_eq!(seed(head[0]), hash(head[1]));
            assert_eq!(input(head[0], 8, head[2].parse().unwrap()), values(&expected), "{}", head[0]);
        }
        assert_eq!(UNIT_VARIANCE.to_bits(), "1.7320508".parse::<f32>().unwrap().to_bits());
    }

    #[test]
    fn the_mask_of_an_input_is_binary_and_the_rest_is_as_it_was() {
        let name = "input.unet_tiny.sample_b2";
        let (found, plain) = (unet_input(name, 2, 16), input(name, 2 * 9 * 256, UNIT_VARIANCE));
        for (at, (found, plain)) in found.iter().zip(&plain).enumerate() {
            let expected = if at / 256 % 9 == 4 { f32::from(*plain >= 0.0) } else { *plain };
            assert_eq!(*found, expected, "{at}");
        }
        assert!(unet_input(name, 1, 0).is_empty());
    }
}
