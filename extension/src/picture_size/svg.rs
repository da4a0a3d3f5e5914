//! SVG files: what they embed, and what they repeat.
//!
//! The file itself has no pixels: it is drawn as large as it is seen, at most 8192 pixels a side, whatever its width, height and view box say.
//! What it embeds is decoded in its own size, and what it repeats is drawn again each time.

use super::header::of;
use super::sides::{Sides, check, larger};
use super::{plain_text, repeats};
use crate::protocol::Failure;

/// How deep SVG files in SVG files are looked at.
pub(super) const DEPTH: u32 = 3;
/// What an embedded file begins with. Browsers find out by themselves whether it is a picture, whatever type it is said to have.
const START: &[u8] = b"data:";

/// Maximum number of elements, with each as often as it is repeated. Maps and plots have some ten thousand; a million take seconds to draw.
const MAX_ELEMENTS: u64 = 1_000_000;

/// Maximum length of an SVG document in bytes.
pub const LONGEST_DRAWING: f64 = 33_554_432.0;

/// Checks what is embedded and what is repeated, as far as the text shows it.
///
/// # Errors
/// Those of [`check`], and [`Failure::Undecodable`] for what repeats itself too often.
pub fn check_drawing(svg: &[u8]) -> Result<(), Failure> {
    let endless = || Failure::Undecodable { detail: "it repeats itself too often".into() };
    if repeats::is_veiled(svg) || repeats::elements(svg) > MAX_ELEMENTS {
        return Err(endless());
    }
    let plain = plain_text::resolved(svg).ok_or_else(endless)?;
    let mut embedded = largest(&plain, DEPTH);
    // Style sheets have escapes of their own.
    if plain.contains(&b'\\') {
        embedded = larger(embedded, largest(&plain_text::unescaped(&plain), DEPTH));
    }
    if embedded != (0, 0) { check(embedded) } else { Ok(()) }
}

/// The size of the largest picture that is embedded as a `data:` URL; `(0, 0)` where there is none.
pub(super) fn largest(svg: &[u8], depth: u32) -> Sides {
    let mut found = (0, 0);
    let mut rest = svg;
    while let Some(at) = rest.windows(START.len()).position(|window| window.eq_ignore_ascii_case(START)) {
        rest = &rest[at + START.len()..];
        let Some(comma) = rest.iter().position(|byte| *byte == b',') else { break };
        let (kind, data) = rest.split_at(comma);
        let end = data.iter().position(|byte| matches!(byte, b'"' | b'\'' | b')' | b'<')).unwrap_or(data.len());
        let mut contents = unescaped(&data[1..end]);
        if kind.to_ascii_lowercase().ends_with(b";base64") {
            contents = from_base64(&contents);
        }
        let size = of(&contents).unwrap_or_else(|| if depth > 0 { largest(&contents, depth - 1) } else { (0, 0) });
        found = larger(found, size);
        rest = &data[end..];
    }
    found
}

/// A URL's text with its `%20`s as bytes.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high << 4 | low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// The bytes that letters of base 64 stand for. What is no such letter is passed over, as line breaks are.
fn from_base64(letters: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(letters.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in letters {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
