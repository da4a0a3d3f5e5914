//! Takes out of SVG drawings what is not drawn: comments, descriptions of the file (author, place, licence), and what drawing programs note for
//! themselves, such as the folder that it was saved in.

/// The prefixes of what drawing programs note for themselves.
const OF_PROGRAMS: [&[u8]; 2] = [b"sodipodi", b"inkscape"];
/// Instructions that decide how a drawing looks.
const INSTRUCTIONS: [&[u8]; 2] = [b"xml ", b"xml-stylesheet "];

/// Whether a file is text that begins with a tag.
pub(super) fn is_markup(file: &[u8]) -> bool {
    let text = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

/// The drawing without that; none where it is cut.
pub(super) fn cleaned(file: &[u8]) -> Option<Vec<u8>> {
    let mut clean = Vec::with_capacity(file.len());
    let mut rest = file;
    while let Some(text) = rest.iter().position(|byte| *byte == b'<') {
        clean.extend_from_slice(&rest[..text]);
        rest = &rest[text..];
        let (markup, kept) = if rest.starts_with(b"<!--") {
            (upto(rest, b"-->")?, false)
        } else if rest.starts_with(b"<![CDATA[") {
            (upto(rest, b"]]>")?, true)
        } else if let Some(instruction) = rest.strip_prefix(b"<?") {
            (upto(rest, b"?>")?, INSTRUCTIONS.iter().any(|kept| instruction.starts_with(kept)))
        } else {
            let tag = tag(rest)?;
            match name(tag) {
                name if !tag.starts_with(b"</") && goes(name) => (element(rest, tag, name)?, false),
                name if goes(name) => (tag, false),
                _ => {
                    attributes(tag, &mut clean);
                    (tag, false)
                }
            }
        };
        if kept {
            clean.extend_from_slice(markup);
        }
        rest = &rest[markup.len()..];
    }
    clean.extend_from_slice(rest);
    Some(clean)
}

/// The beginning of a text, up to an end with it.
fn upto<'a>(text: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(end.len()).position(|bytes| bytes == end)?;
    Some(&text[..at + end.len()])
}

/// The tag, or the declaration, that a text begins with. What is in quotation marks or in brackets does not end it.
fn tag(text: &[u8]) -> Option<&[u8]> {
    let (mut quote, mut depth) = (None, 0_u32);
    for (at, byte) in text.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'[') => depth += 1,
            (None, b']') => depth = depth.saturating_sub(1),
            (None, b'>') if depth == 0 => return Some(&text[..=at]),
            (None, _) => {}
        }
    }
    None
}

fn name(tag: &[u8]) -> &[u8] {
    let name = tag.get(if tag.starts_with(b"</") { 2.. } else { 1.. }).unwrap_or_default();
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
    &name[..name.iter().position(ends).unwrap_or(name.len())]
}

/// Whether elements of this name go, with all that is in them.
fn goes(name: &[u8]) -> bool {
    let (prefix, local) = match name.iter().position(|byte| *byte == b':') {
        Some(colon) => (&name[..colon], &name[colon + 1..]),
        None => (&[][..], name),
    };
    local == b"metadata" || OF_PROGRAMS.contains(&prefix)
}

/// The element that a text begins with, up to the end of its own name.
fn element<'a>(text: &'a [u8], first: &[u8], name: &[u8]) -> Option<&'a [u8]> {
    if first.ends_with(b"/>") {
        return Some(&text[..first.len()]);
    }
    let end = upto(text, &[b"</", name].concat())?;
    let last = text[end.len()..].iter().position(|byte| *byte == b'>')?;
    Some(&text[..=end.len() + last])
}

/// Copies a tag but for the attributes of drawing programs.
fn attributes(tag: &[u8], clean: &mut Vec<u8>) {
    let mut rest = tag;
    while let Some(space) = rest.iter().position(u8::is_ascii_whitespace) {
        clean.extend_from_slice(&rest[..space]);
        rest = &rest[space..];
        let blank = rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
        let next = &rest[blank..];
        let is_theirs =
            OF_PROGRAMS.iter().any(|prefix| next.strip_prefix(*prefix).is_some_and(|it| it.starts_with(b":")));
        let length = blank + value_end(next);
        if !is_theirs {
            clean.extend_from_slice(&rest[..length]);
        }
        rest = &rest[length..];
    }
    clean.extend_from_slice(rest);
}

/// How long an attribute is; of anything else, up to the next space.
fn value_end(text: &[u8]) -> usize {
    let mut quote = None;
    for (at, byte) in text.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => return at + 1,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'>') => return at,
            (None, b'/') if text.get(at + 1) == Some(&b'>') => return at,
            (None, byte)
                if byte.is_ascii_whitespace()
                    && !text[at..].trim_ascii_start().starts_with(b"=")
                    && !text[..at].trim_ascii_end().ends_with(b"=") =>
            {
                return at;
            }
            (None, _) => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clean(text: &str) -> Option<String> {
        cleaned(text.as_bytes()).map(|clean| String::from_utf8(clean).expect("text stays text"))
    }

    #[test]
    fn what_is_not_drawn_goes() {
        let with = "<?xml version=\"1.0\"?>\n<!-- by Testcam --><?xpacket Testcam?><svg xmlns='a' inkscape:export-filename=\"/home/testcam/a b>.png\" width='4'>\
            <sodipodi:namedview id='x'><inkscape:grid a='1'/></sodipodi:namedview><metadata><a>Testcam</a></metadata><svg:metadata/>\
            <g sodipodi:docname = 'Testcam' fill=\"red\" ><style><![CDATA[ a > b { } <!-- --> ]]></style><text>1 &lt; 2</text></g></svg>";
        let without = "<?xml version=\"1.0\"?>\n<svg xmlns='a' width='4'><g fill=\"red\" ><style><![CDATA[ a > b { } <!-- --> ]]></style><text>1 &lt; 2</text></g></svg>";
        assert_eq!(clean(with).as_deref(), Some(without));
        assert_eq!(clean(without).as_deref(), Some(without));
    }

    #[test]
    fn what_is_drawn_stays_letter_by_letter() {
        let drawing = "\u{feff} <!DOCTYPE svg [ <!ENTITY a '>'> <!-- x > y --> ]>\n<svg\n  width = \"1\"\theight='2'\n><path d='M 0 0'/><a xlink:href=\"#b\" /></svg>\n";
        assert_eq!(clean(drawing).as_deref(), Some(drawing));
        assert!(is_markup(drawing.as_bytes()) && !is_markup(b"GIF89a<") && !is_markup(b""));
        assert_eq!(clean("<svg><metadata>cut"), None);
        assert_eq!(clean("<svg a='"), None);
    }

    proptest! {
        #[test]
        fn damaged_drawings_do_no_harm(text in "[<>!?/a:='\" \\[\\]-]{0,80}") {
            if let Some(once) = clean(&text) {
                prop_assert!(once.len() <= text.len());
            }
        }
    }
}
