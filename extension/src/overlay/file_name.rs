//! Names for files, from the address of a picture.

use crate::protocol::engine::FileFormat;

/// Name of a picture whose address gives none.
const NAMELESS: &str = "picture";
/// Characters of the address's own name that a saved file keeps.
const MAX_LENGTH: usize = 100;

/// The last part of a URL's path, decoded, as people read it.
pub fn file_name(url: Option<&str>) -> String {
    let name = url
        .filter(|u| u.starts_with("http") || u.starts_with("file:"))
        .and_then(|u| u.split(['?', '#']).next())
        .and_then(|u| u.rsplit('/').next())
        .filter(|n| !n.is_empty());
    name.and_then(decoded).unwrap_or_else(|| NAMELESS.into())
}

/// What a saved file has after the name of its picture, so that it does not look like the original.
const EDITED: &str = "-edited";

/// The name of a saved file: that of the picture, without what file systems forbid, with the format's extension. It says that it is edited,
/// unless `keep` is set.
pub fn saved_name(url: Option<&str>, format: FileFormat, keep: bool) -> String {
    let safe = safe_stem(url);
    let edited = if keep || safe.ends_with(EDITED) { "" } else { EDITED };
    format!("{safe}{edited}.{}", format.extension())
}

/// The name of the file of a picture's mask.
pub fn mask_name(url: Option<&str>) -> String {
    format!("{}-mask.png", safe_stem(url))
}

/// The name of the picture without its extension and what file systems forbid.
fn safe_stem(url: Option<&str>) -> String {
    let original = file_name(url);
    let stem = original.rsplit_once('.').map_or(original.as_str(), |(stem, _)| stem);
    let allowed = |c: char| if c.is_control() || r#"/\:*?"<>|"#.contains(c) { '_' } else { c };
    stem.chars().map(allowed).take(MAX_LENGTH).collect()
}

/// Percent-encoded UTF-8 as text; none where it is broken.
fn decoded(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at_checked(2)?;
        // `from_str_radix` would take a sign.
        let code = code.bytes().all(|b| b.is_ascii_hexdigit()).then_some(code)?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mask_is_named_after_its_picture() {
        assert_eq!(mask_name(Some("https://a.example/b/cat%3F.jpg?x")), "cat_-mask.png");
        assert_eq!(mask_name(None), "picture-mask.png");
    }

    #[test]
    fn the_last_part_of_the_path_is_the_name() {
        for (url, name) in [
            ("https://a.example/b/sand%20%C3%A4.png?x=/y.gif#z", "sand ä.png"),
            ("file:///home/me/cat.jpg", "cat.jpg"),
            ("https://a.example/b/", "picture"),
            ("https://a.example/50%.png", "picture"),
            ("https://a.example/%ff.png", "picture"),
            ("https://a.example/%+1.png", "picture"),
            ("data:image/png;base64,AA/BB", "picture"),
        ] {
            assert_eq!(file_name(Some(url)), name, "{url}");
        }
        assert_eq!(file_name(None), "picture");
    }

    #[test]
    fn saved_files_have_names_that_file_systems_take() {
        let saved = |url, format| saved_name(Some(url), format, false);
        assert_eq!(saved("https://a.example/a.b.png", FileFormat::Webp), "a.b-edited.webp");
        assert_eq!(saved("https://a.example/..%2F%5C%3A%00x.png", FileFormat::Png), "..____x-edited.png");
        assert_eq!(saved("https://a.example/cat-edited.png", FileFormat::Png), "cat-edited.png", "once is enough");
        assert_eq!(saved_name(Some("https://a.example/a.b.png"), FileFormat::Webp, true), "a.b.webp");
        assert_eq!(saved_name(None, FileFormat::Jpeg, true), format!("picture.{}", FileFormat::Jpeg.extension()));
        let long = format!("https://a.example/{}.png", "x".repeat(500));
        assert_eq!(saved_name(Some(&long), FileFormat::Png, true).len(), 104);
    }

    proptest! {
        #[test]
        fn any_address_gives_a_name(url in ".{0,80}") {
            let url = format!("https://a.example/{url}");
            prop_assert!(!file_name(Some(&url)).is_empty());
            prop_assert!(!saved_name(Some(&url), FileFormat::Png, false).contains(['/', '\\', ':']));
        }
    }
}
