//! Takes the turn out of a photograph that Exif asks for, where a page shows the pixels as they are stored (`image-orientation: none`).

/// The tag of the turn.
const ORIENTATION: u16 = 0x0112;

/// Says in the Exif of a JPEG that it stands upright. False where that changes nothing.
pub fn unturn(jpeg: &mut [u8]) -> bool {
    let Some((at, value)) = orientation(jpeg) else { return false };
    let was = [jpeg[at], jpeg[at + 1]];
    jpeg[at..at + 2].copy_from_slice(&value);
    was != value
}

/// Where the turn is written in a JPEG, and how "upright" is written there.
fn orientation(jpeg: &[u8]) -> Option<(usize, [u8; 2])> {
    if !jpeg.starts_with(&[0xFF, 0xD8]) {
        return None;
    }
    let mut at = 2;
    loop {
        let [0xFF, marker, high, low] = *jpeg.get(at..at + 4)? else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        // The pixels begin: there is no Exif behind them that counts.
        if marker == 0xDA || length < 2 {
            return None;
        }
        let body = jpeg.get(at + 4..at + 2 + length)?;
        if let (0xE1, Some(tiff)) = (marker, body.strip_prefix(b"Exif\0\0")) {
            let (place, value) = in_tiff(tiff)?;
            return Some((at + 10 + place, value));
        }
        at += 2 + length;
    }
}

/// The same within the TIFF structure of Exif.
fn in_tiff(tiff: &[u8]) -> Option<(usize, [u8; 2])> {
    let little = tiff.starts_with(b"II");
    let u16_at = |at: usize| -> Option<u16> {
        let pair = [*tiff.get(at)?, *tiff.get(at + 1)?];
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let (low, high) = if little { (4, 6) } else { (6, 4) };
    let directory = usize::from(u16_at(high)?) << 16 | usize::from(u16_at(low)?);
    let entries = usize::from(u16_at(directory)?);
    let entry = (0..entries).map(|i| directory + 2 + 12 * i).find(|at| u16_at(*at) == Some(ORIENTATION))?;
    u16_at(entry + 8)?;
    Some((entry + 8, if little { 1u16.to_le_bytes() } else { 1u16.to_be_bytes() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The beginning of a JPEG with Exif that asks for turn 6.
    fn turned(little: bool) -> Vec<u8> {
        let two = |n: u16| if little { n.to_le_bytes() } else { n.to_be_bytes() };
        let four = |n: u32| if little { n.to_le_bytes() } else { n.to_be_bytes() };
        let mut tiff = if little { b"II".to_vec() } else { b"MM".to_vec() };
        tiff.extend(two(42));
        tiff.extend(four(8));
        tiff.extend(two(2));
        for (tag, value) in [(0x010F, 9), (ORIENTATION, 6)] {
            tiff.extend([two(tag), two(3)].concat());
            tiff.extend(four(1));
            tiff.extend([two(value), two(0)].concat());
        }
        let length = (2 + 6 + tiff.len()) as u16;
        let comment = [0xFF, 0xFE, 0, 4, 1, 2];
        [&[0xFF, 0xD8][..], &comment, &[0xFF, 0xE1], &length.to_be_bytes(), b"Exif\0\0", &tiff, &[0xFF, 0xDA, 0, 2]]
            .concat()
    }

    #[test]
    fn only_the_turn_changes_in_either_order_of_bytes() {
        for little in [true, false] {
            let was = turned(little);
            let mut now = was.clone();
            assert!(unturn(&mut now));
            let changed: Vec<_> = was.iter().zip(&now).filter(|(a, b)| a != b).collect();
            assert_eq!(changed, [(&6, &1)]);
            assert!(!unturn(&mut now), "it stands upright");
        }
    }

    #[test]
    fn what_is_no_turned_jpeg_stays() {
        for mut other in [b"\x89PNG\r\n\x1a\n".to_vec(), vec![0xFF, 0xD8, 0xFF, 0xDA, 0, 2], vec![]] {
            let was = other.clone();
            assert!(!unturn(&mut other));
            assert_eq!(other, was);
        }
    }

    proptest! {
        #[test]
        fn damaged_files_do_no_harm(little: bool, at in 0usize..70, value: u8, length in 0usize..80) {
            let mut file = turned(little);
            let at = at % file.len();
            file[at] = value;
            file.truncate(length);
            let long = file.len();
            unturn(&mut file);
            prop_assert_eq!(file.len(), long);
        }
    }
}
