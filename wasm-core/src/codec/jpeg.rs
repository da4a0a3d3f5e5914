//! How a JPEG is coded, so that the edited picture can be coded in the same way.

use img_parts::jpeg::{JpegSegment, markers};
use jpeg_encoder::{PixelDensity, PixelDensityUnit, SamplingFactor};

/// Quantisation tables, chroma subsampling and scans of a JPEG, which together are what encoders call its quality.
#[derive(Clone, Debug, PartialEq)]
pub struct JpegCoding {
    /// Luma quantisation table, row by row.
    pub luma: [u16; 64],
    /// Chroma quantisation table, row by row; the luma table when there is one table only.
    pub chroma: [u16; 64],
    /// Chroma subsampling, horizontal and vertical.
    pub sampling: (u8, u8),
    /// Whether it is coded progressively, in several scans.
    pub progressive: bool,
}

impl JpegCoding {
    /// Reads the segments before the first scan. None unless they describe a JPEG with Huffman coding.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut tables: [Option<[u16; 64]>; 4] = [None; 4];
        let mut at = 2;
        loop {
            while *bytes.get(at)? == 0xFF && *bytes.get(at + 1)? == 0xFF {
                at += 1;
            }
            let (0xFF, marker) = (*bytes.get(at)?, *bytes.get(at + 1)?) else { return None };
            let length = usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]));
            let segment = bytes.get(at + 4..at + 2 + length.max(2))?;
            match marker {
                0xDB => read_tables(segment, &mut tables)?,
                // Baseline, extended and progressive frames.
                0xC0..=0xC2 => return Self::from_frame(segment, &tables, marker == 0xC2, bytes, at + 2 + length),
                0xD9 | 0xDA => return None,
                _ => {}
            }
            at += 2 + length;
        }
    }

    /// From a frame header, the tables before it, and those that follow it from `after` on.
    fn from_frame(
        frame: &[u8],
        tables: &[Option<[u16; 64]>; 4],
        progressive: bool,
        bytes: &[u8],
        after: usize,
    ) -> Option<Self> {
        let mut tables = *tables;
        // Tables may also follow the frame header.
        let mut at = after;
        while let (Some(0xFF), Some(0xDB | 0xC4)) = (bytes.get(at).copied(), bytes.get(at + 1).copied()) {
            let length = usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]));
            if bytes[at + 1] == 0xDB {
                read_tables(bytes.get(at + 4..at + 2 + length.max(2))?, &mut tables)?;
            }
            at += 2 + length;
        }
        let components = usize::from(*frame.get(5)?);
        let component =
            |i: usize| -> Option<(u8, usize)> { Some((*frame.get(7 + 3 * i)?, usize::from(*frame.get(8 + 3 * i)?))) };
        let (factors, luma) = component(0)?;
        let luma = (*tables.get(luma)?)?;
        let (chroma, sampling) = if components >= 3 {
            let (chroma_factors, chroma) = component(1)?;
            let ratio = |shift: u32| (factors >> shift & 15) / (chroma_factors >> shift & 15).max(1);
            ((*tables.get(chroma)?)?, (ratio(4).max(1), ratio(0).max(1)))
        } else {
            (luma, (1, 1))
        };
        Some(Self { luma, chroma, sampling, progressive })
    }

    /// The subsampling in the encoder's terms; unusual factors become 2x2.
    pub(super) fn sampling_factor(&self) -> SamplingFactor {
        match self.sampling {
            (1, 1) => SamplingFactor::F_1_1,
            (2, 1) => SamplingFactor::F_2_1,
            (1, 2) => SamplingFactor::F_1_2,
            (4, 1) => SamplingFactor::F_4_1,
            (4, 2) => SamplingFactor::F_4_2,
            (1, 4) => SamplingFactor::F_1_4,
            (2, 4) => SamplingFactor::F_2_4,
            _ => SamplingFactor::F_2_2,
        }
    }
}

/// The position in an 8x8 block, row by row, of the i-th value of a table in a file (ITU T.81, figure A.6).
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// Reads the quantisation tables of a DQT segment into the slots that it names.
fn read_tables(mut segment: &[u8], tables: &mut [Option<[u16; 64]>; 4]) -> Option<()> {
    while let Some((head, rest)) = segment.split_first() {
        let wide = head >> 4 != 0;
        let mut table = [0u16; 64];
        for (i, at) in ZIGZAG.into_iter().enumerate() {
            table[at] = if wide {
                u16::from_be_bytes([*rest.get(2 * i)?, *rest.get(2 * i + 1)?])
            } else {
                u16::from(*rest.get(i)?)
            };
        }
        *tables.get_mut(usize::from(head & 15))? = Some(table);
        segment = rest.get(if wide { 128 } else { 64 }..)?;
    }
    Some(())
}

/// The density that a segment states, if it is that of JFIF and states one.
pub(super) fn density(segment: &JpegSegment) -> Option<PixelDensity> {
    let jfif = segment.contents().strip_prefix(b"JFIF\0").filter(|_| segment.marker() == markers::APP0)?;
    // After the version.
    let [unit, x_high, x_low, y_high, y_low] = *jfif.get(2..)?.first_chunk()?;
    let density = (u16::from_be_bytes([x_high, x_low]), u16::from_be_bytes([y_high, y_low]));
    let unit = match unit {
        0 => PixelDensityUnit::PixelAspectRatio,
        1 => PixelDensityUnit::Inches,
        2 => PixelDensityUnit::Centimeters,
        _ => return None,
    };
    (density.0 > 0 && density.1 > 0).then_some(PixelDensity { density, unit })
}
