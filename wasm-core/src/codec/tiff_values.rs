//! The values of a TIFF structure's entries: of a file's directories, of Exif and of makers' notes.

/// Length in bytes from which on a value that nobody knows is taken for a picture.
pub(super) const PICTURE: usize = 2048;

/// The number that these bytes are.
pub(super) fn number(bytes: &[u8], little: bool) -> usize {
    let add = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
    if little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) }
}

/// Whether a value is a text: UTF-8, without control characters but those of a page and the zeros that end texts.
pub(super) fn is_text(value: &[u8]) -> bool {
    let is_part = |byte: &u8| !matches!(byte, 1..=8 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F);
    value.iter().all(is_part) && std::str::from_utf8(value).is_ok()
}

/// Whether a value is a text in UTF-16, in either order of bytes, without characters that texts have not.
pub(super) fn is_wide_text(value: &[u8]) -> bool {
    let text = value.strip_prefix(b"UNICODE\0").unwrap_or(value);
    [true, false].into_iter().any(|little| {
        let units = text.chunks_exact(2).map(|unit| number(unit, little) as u16);
        char::decode_utf16(units).all(|character| match character {
            Ok('\0' | '\t' | '\n' | '\r') => true,
            Ok(it) => !it.is_control() && !matches!(it, '\u{E000}'..='\u{F8FF}' | '\u{FFF0}'..='\u{FFFF}'),
            Err(_) => false,
        })
    })
}

/// Length in bytes of a value of a TIFF type. Values of unknown types are taken for bytes.
pub(super) fn size(kind: usize) -> usize {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 1,
    }
}
