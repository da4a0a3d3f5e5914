//! How many elements a drawing has once each `<use>` stands for what it repeats. Ten that repeat ten, ten times over, fit into a kilobyte, and keep
//! the browser busy for good.

use std::collections::HashMap;

/// How deep elements with names stand in, or repeat, others; a deeper drawing counts as endless.
const DEPTH: usize = 400;

/// What declares an entity.
const ENTITY: &[u8] = b"<!ENTITY";

/// An element with a name, and what it holds that has none.
#[derive(Default)]
struct Named<'a> {
    /// Number of elements.
    elements: u64,
    /// Elements with names inside of it, by their numbers.
    inside: Vec<usize>,
    /// Names of the elements that it repeats.
    repeated: Vec<&'a [u8]>,
    /// The number of elements in all, where it is known; 0 while it is counted, so that a circle, which browsers do not draw, counts as nothing.
    total: Option<u64>,
}

/// The number of elements, as far as the text shows it.
pub(super) fn elements(svg: &[u8]) -> u64 {
    let (mut all, names) = read(svg);
    total(&mut all, &names, 0, 0)
}

fn total(all: &mut [Named<'_>], names: &HashMap<&[u8], usize>, at: usize, depth: usize) -> u64 {
    if let Some(total) = all[at].total {
        return total;
    }
    if depth > DEPTH {
        return u64::MAX;
    }
    all[at].total = Some(0);
    let repeated = all[at].repeated.iter().filter_map(|name| names.get(name)).copied();
    let parts: Vec<usize> = all[at].inside.iter().copied().chain(repeated).collect();
    let mut sum = all[at].elements;
    for part in parts {
        sum = sum.saturating_add(total(all, names, part, depth + 1));
    }
    all[at].total = Some(sum);
    sum
}

/// Whether character references hide what an address begins with: a name in the drawing itself, or a `data:` URL. No honest drawing does that.
fn is_disguised(href: &[u8]) -> bool {
    let path = href.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(href.len());
    href[..path].contains(&b'&')
}

/// Whether a drawing can hold elements that its text does not show: in entities with markup, or in another encoding than UTF-8.
pub(super) fn is_veiled(svg: &[u8]) -> bool {
    let mut declarations =
        svg.windows(ENTITY.len()).enumerate().filter(|(_, window)| *window == ENTITY).map(|(at, _)| &svg[at..]);
    let has_markup = |declaration: &[u8]| {
        let Some(quote) = declaration.iter().position(|byte| matches!(byte, b'"' | b'\'')) else { return true };
        let value = &declaration[quote + 1..];
        let end = value.iter().position(|byte| *byte == declaration[quote]).unwrap_or(value.len());
        value[..end].iter().any(|byte| matches!(byte, b'<' | b'&'))
    };
    svg.contains(&0) || declarations.any(has_markup)
}

/// All elements with names, after the whole drawing, and where each name is.
fn read(svg: &[u8]) -> (Vec<Named<'_>>, HashMap<&[u8], usize>) {
    let mut all = vec![Named::default()];
    let mut names = HashMap::new();
    // The innermost element with a name around each open element.
    let mut open = vec![];
    let mut rest = svg;
    while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
        rest = &rest[start + 1..];
        let tag = &rest[..end_of_tag(rest)];
        rest = &rest[tag.len()..];
        match tag.first() {
            Some(b'/') => {
                open.pop();
            }
            Some(b'!' | b'?') | None => {}
            Some(_) => {
                let mut around = open.last().copied().unwrap_or(0);
                let (name, target) = (attribute(tag, b"id"), attribute(tag, b"href"));
                if name.is_some_and(|name| name.contains(&b'&')) || target.is_some_and(is_disguised) {
                    all[0].elements = u64::MAX;
                }
                if let Some(name) = name {
                    let number = all.len();
                    all[around].inside.push(number);
                    names.entry(name).or_insert(number);
                    around = number;
                    all.push(Named::default());
                }
                all[around].elements = all[around].elements.saturating_add(1);
                if let Some(target) = target.and_then(|href| href.strip_prefix(b"#")) {
                    all[around].repeated.push(target);
                }
                if !tag.ends_with(b"/") {
                    open.push(around);
                }
            }
        }
    }
    (all, names)
}

/// Length of a tag up to its `>`, which may stand in quotes as well; of a comment up to its end.
fn end_of_tag(text: &[u8]) -> usize {
    if text.starts_with(b"!--") {
        return text.windows(3).position(|end| end == b"-->").unwrap_or(text.len());
    }
    let mut quote = None;
    let ends = |byte: &u8| {
        match quote {
            Some(_) if quote == Some(*byte) => quote = None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(*byte),
            _ => {}
        }
        quote.is_none() && *byte == b'>'
    };
    text.iter().position(ends).unwrap_or(text.len())
}

/// The value of an attribute, whatever prefix its name has.
fn attribute<'a>(tag: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = tag;
    loop {
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let (before, after) = (rest[..equals].trim_ascii_end(), rest[equals + 1..].trim_ascii_start());
        let (quote, value) = after.split_first()?;
        let length = value.iter().position(|byte| byte == quote)?;
        let own = before.rsplit(|byte| byte.is_ascii_whitespace() || *byte == b':').next()?;
        if own == name {
            return Some(&value[..length]);
        }
        rest = &value[length + 1..];
    }
}
