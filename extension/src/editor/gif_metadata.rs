//! Takes metadata out of GIF files (GIF89a specification), whose frames stay as they are.

/// The extensions of programs that decide how the picture looks: how often it repeats, and its colour profile.
const OF_PICTURES: [&[u8]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];
/// The labels of extensions.
const CONTROL: u8 = 0xF9;
const PROGRAM: u8 = 0xFF;

/// The file without comments and what programs have put into it; none where it is damaged.
pub(super) fn cleaned(file: &[u8]) -> Option<Vec<u8>> {
    let mut at = 13 + palette(*file.get(10)?);
    let mut clean = file.get(..at)?.to_vec();
    loop {
        let begin = at;
        let mut is_kept = true;
        match *file.get(at)? {
            // A frame, its palette, and its pixels.
            b',' => at = chain(file, at + 10 + palette(*file.get(at + 9)?) + 1)?,
            b'!' => {
                let label = *file.get(at + 1)?;
                let names = || OF_PICTURES.iter().any(|name| file.get(at + 3..at + 14) == Some(name));
                is_kept = label == CONTROL || label == PROGRAM && names();
                at = chain(file, at + 2)?;
            }
            // The end. What follows is no part of it.
            b';' => {
                clean.push(b';');
                return Some(clean);
            }
            _ => return None,
        }
        if is_kept {
            clean.extend_from_slice(&file[begin..at]);
        }
    }
}

/// Bytes of the palette that these flags announce.
fn palette(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Where a chain of blocks ends, each of which begins with its length.
fn chain(file: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *file.get(at)? {
            0 => return Some(at + 1),
            length => at += 1 + usize::from(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &[u8] = b"GIF89a\x02\0\x02\0\x80\0\0\0\0\0\xFF\xFF\xFF";
    const LOOP: &[u8] = b"!\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0";
    const FRAME: &[u8] = b"!\xF9\x04\0\0\0\0\0,\0\0\0\0\x02\0\x02\0\0\x02\x02\x44\x52\0";

    #[test]
    fn comments_and_xmp_go_and_frames_stay() {
        let kept = [HEAD, LOOP, FRAME, FRAME, b";"].concat();
        assert_eq!(cleaned(&kept), Some(kept.clone()));
        // XMP stands in the file as it is; behind it, whatever is taken for a length leads to the end.
        let magic: Vec<u8> = [1].into_iter().chain((0..=255).rev()).chain([0]).collect();
        let xmp = [b"!\xFF\x0BXMP DataXMP<x:xmpmeta>Testcam</x:xmpmeta>", &magic[..]].concat();
        let more = [HEAD, b"!\xFE\x07Testcam\0", LOOP, &xmp, FRAME, FRAME, b";after the end"].concat();
        assert_eq!(cleaned(&more), Some(kept));
        assert_eq!(cleaned(&[HEAD, FRAME].concat()), None, "cut");
    }

    proptest! {
        #[test]
        fn damaged_files_do_no_harm(at in 0..70usize, byte: u8, cut in 0..80usize) {
            let mut file = [HEAD, LOOP, FRAME, b";"].concat();
            if let Some(it) = file.get_mut(at) {
                *it = byte;
            }
            let _ = cleaned(&file);
            file.truncate(cut);
            let _ = cleaned(&file);
        }
    }
}
