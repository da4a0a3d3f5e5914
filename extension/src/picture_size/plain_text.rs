//! The text of a drawing as a browser reads it, so that what it embeds is found however it is written.

use std::collections::HashMap;

/// What declares an entity.
const ENTITY: &[u8] = b"<!ENTITY";
/// How long a reference may be, in bytes.
const LONGEST: usize = 64;
/// By how many bytes references may lengthen a text.
const MAX_GROWTH: usize = 1 << 24;

/// The text with every reference replaced by what it stands for (XML 1.0, 4.1), and without the line breaks and tabs that addresses may hold
/// (WHATWG URL, 4.4). None where it becomes far longer by that.
pub(super) fn resolved(text: &[u8]) -> Option<Vec<u8>> {
    let entities = declared(text);
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let end = after.iter().take(LONGEST).position(|byte| *byte == b';').filter(|_| *first == b'&');
        let Some((name, value)) = end.and_then(|end| Some((&after[..end], value(&after[..end], &entities)?))) else {
            plain.push(*first);
            continue;
        };
        plain.extend(value);
        rest = &after[name.len() + 1..];
        if plain.len() > text.len() + MAX_GROWTH {
            return None;
        }
    }
    plain.retain(|byte| !matches!(byte, b'\t' | b'\n' | b'\r'));
    Some(plain)
}

/// What a reference stands for.
fn value(name: &[u8], entities: &HashMap<&[u8], &[u8]>) -> Option<Vec<u8>> {
    if let Some(number) = name.strip_prefix(b"#") {
        let (digits, radix) = number.strip_prefix(b"x").map_or((number, 10), |digits| (digits, 16));
        let number = u32::from_str_radix(str::from_utf8(digits).ok()?, radix).ok()?;
        return char::from_u32(number).map(|letter| letter.to_string().into_bytes());
    }
    let usual = [("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'")];
    let usual = usual.iter().find(|(usual, _)| usual.as_bytes() == name).map(|(_, value)| value.as_bytes());
    entities.get(name).copied().or(usual).map(<[u8]>::to_vec)
}

/// What is declared of entities in the drawing itself.
fn declared(text: &[u8]) -> HashMap<&[u8], &[u8]> {
    let mut entities = HashMap::new();
    let mut rest = text;
    while let Some(at) = rest.windows(ENTITY.len()).position(|window| window == ENTITY) {
        rest = &rest[at + ENTITY.len()..];
        let Some(quote) = rest.iter().position(|byte| matches!(byte, b'"' | b'\'')) else { break };
        let (name, value) = (rest[..quote].trim_ascii(), &rest[quote + 1..]);
        let Some(length) = value.iter().position(|byte| *byte == rest[quote]) else { break };
        // The first declaration holds.
        entities.entry(name).or_insert(&value[..length]);
        rest = &value[length..];
    }
    entities
}

/// The text with the escapes of a style sheet replaced (CSS Syntax 3, 4.3.7).
pub(super) fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            plain.push(*first);
            continue;
        }
        let digits = after.iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
        let number = str::from_utf8(&after[..digits]).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if let Some(letter) = number.and_then(char::from_u32) {
            plain.extend(letter.to_string().bytes());
            rest = &after[digits..];
            // One blank ends the number.
            rest = rest.strip_prefix(b" ").unwrap_or(rest);
        }
        // Anything else stands for itself, and a line break for nothing.
    }
    plain
}
