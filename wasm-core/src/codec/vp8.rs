//! How a WebP is coded, so that the edited picture can be coded in the same way. The header of a lossy key frame is that of RFC 6386.

/// How the pixels of a WebP are coded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WebpCoding {
    /// Without loss.
    Lossless,
    /// As a VP8 key frame.
    Lossy {
        /// Quality from 0 to 1, as a canvas takes it.
        quality: f32,
    },
}

/// The coding of the first image chunk of a WebP file; none if there is no such chunk.
pub(super) fn coding(bytes: &[u8]) -> Option<WebpCoding> {
    let mut at = 12;
    loop {
        let kind = bytes.get(at..at + 4)?;
        let size = u32::from_le_bytes(bytes.get(at + 4..at + 8)?.try_into().ok()?) as usize;
        match kind {
            b"VP8L" => return Some(WebpCoding::Lossless),
            b"VP8 " => {
                let index = quantiser_index(bytes.get(at + 8..)?)?;
                return Some(WebpCoding::Lossy { quality: quality(index) });
            }
            // A frame of an animation holds chunks of its own after a header of 16 bytes.
            b"ANMF" => at += 8 + 16,
            _ => at = at.checked_add(8)?.checked_add(size)?.checked_add(size & 1)?,
        }
    }
}

/// The quantiser index `y_ac_qi` of a VP8 key frame, 0 to 127; the mean over the segments if there are some.
fn quantiser_index(frame: &[u8]) -> Option<u32> {
    // Frame tag (3 bytes), start code (3), width and height (4); key frames have bit 0 clear.
    if frame.first()? & 1 != 0 || frame.get(3..6)? != [0x9D, 0x01, 0x2A] {
        return None;
    }
    let mut reader = BoolReader::new(frame.get(10..)?);
    reader.literal(2); // colour space, clamping
    let mut segments: Option<(bool, [i32; 4])> = None;
    if reader.flag() {
        let update_map = reader.flag();
        if reader.flag() {
            let absolute = reader.flag();
            let mut values = [0; 4];
            for value in &mut values {
                *value = reader.optional_signed(7);
            }
            segments = Some((absolute, values));
            for _ in 0..4 {
                reader.optional_signed(6);
            }
        }
        if update_map {
            for _ in 0..3 {
                if reader.flag() {
                    reader.literal(8);
                }
            }
        }
    }
    reader.literal(1 + 6 + 3); // loop filter type, level, sharpness
    if reader.flag() && reader.flag() {
        for _ in 0..8 {
            reader.optional_signed(6);
        }
    }
    reader.literal(2); // partitions
    let base = reader.literal(7) as i32;
    let index = match segments {
        Some((true, values)) => values.iter().sum::<i32>() / 4,
        Some((false, values)) => base + values.iter().sum::<i32>() / 4,
        None => base,
    };
    Some(index.clamp(0, 127) as u32)
}

/// The quality, 0 to 1, for which libwebp's encoder chooses this quantiser index: it maps a quality `c` to `127 * (1 - cbrt(l))`, where `l` is
/// `2c / 3` below a quality of 0.75 and `2c - 1` above.
fn quality(index: u32) -> f32 {
    let linear = (1.0 - index as f32 / 127.0).powi(3);
    let quality = if linear < 0.5 { linear * 1.5 } else { (linear + 1.0) / 2.0 };
    quality.clamp(0.05, 0.99)
}

/// The boolean decoder of RFC 6386, section 7, for bits with a probability of one half.
struct BoolReader<'a> {
    bytes: std::slice::Iter<'a, u8>,
    value: u32,
    range: u32,
    bits: u32,
}

impl<'a> BoolReader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut bytes = bytes.iter();
        let mut next = || u32::from(bytes.next().copied().unwrap_or(0));
        let value = next() << 8 | next();
        Self { bytes, value, range: 255, bits: 0 }
    }

    fn flag(&mut self) -> bool {
        let split = 1 + (((self.range - 1) * 128) >> 8);
        let big = split << 8;
        let bit = self.value >= big;
        if bit {
            self.range -= split;
            self.value -= big;
        } else {
            self.range = split;
        }
        while self.range < 128 {
            self.value <<= 1;
            self.range <<= 1;
            self.bits += 1;
            if self.bits == 8 {
                self.bits = 0;
                self.value |= u32::from(self.bytes.next().copied().unwrap_or(0));
            }
        }
        bit
    }

    fn literal(&mut self, bits: u32) -> u32 {
        (0..bits).fold(0, |value, _| value << 1 | u32::from(self.flag()))
    }

    fn optional_signed(&mut self, bits: u32) -> i32 {
        if !self.flag() {
            return 0;
        }
        let magnitude = self.literal(bits) as i32;
        if self.flag() { -magnitude } else { magnitude }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_follows_the_encoder_there_and_back() {
        for quality_in in [0.2f32, 0.5, 0.74, 0.8, 0.9, 0.95] {
            let linear = if quality_in < 0.75 { quality_in * 2.0 / 3.0 } else { 2.0 * quality_in - 1.0 };
            let index = (127.0 * (1.0 - linear.cbrt())).round() as u32;
            assert!((quality(index) - quality_in).abs() < 0.03, "{quality_in}");
        }
    }

    #[test]
    fn damaged_headers_are_survived() {
        let mut file = b"RIFF\x20\0\0\0WEBPVP8 \x14\0\0\0\x10\0\0\x9d\x01\x2a\x08\0\x08\0".to_vec();
        file.extend([0x55; 12]);
        for cut in 0..file.len() {
            let _ = coding(&file[..cut]);
        }
        assert!(matches!(coding(&file), Some(WebpCoding::Lossy { .. })));
    }
}
