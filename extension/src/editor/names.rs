//! Names of the user's files, as addresses and as file names.

/// Characters of a file's name that are looked at.
const MAX_LENGTH: usize = 100;

/// A file's name as an address. The overlay takes the names of saved files from addresses.
pub fn as_address(name: &str) -> String {
    let mut address = String::from("file:///");
    for byte in name.chars().take(MAX_LENGTH).collect::<String>().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => address.push(char::from(byte)),
            _ => address += &format!("%{byte:02X}"),
        }
    }
    address
}

/// The name that a file keeps after its picture was written anew as `mime`: its own, unless the format is another one now.
pub fn renamed(name: &str, mime: &str) -> String {
    let extensions: &[&str] = match mime {
        "image/png" => &["png"],
        "image/jpeg" => &["jpg", "jpeg", "jpe", "jfif"],
        "image/webp" => &["webp"],
        _ => return name.into(),
    };
    match name.rsplit_once('.') {
        Some((_, extension)) if extensions.iter().any(|known| extension.eq_ignore_ascii_case(known)) => name.into(),
        Some((stem, _)) if !stem.is_empty() => format!("{stem}.{}", extensions[0]),
        _ => format!("{name}.{}", extensions[0]),
    }
}

/// Whether a field that asks for these kinds of files (HTML, the attribute `accept`) asks for a file of this name and MIME type.
pub fn is_asked_for(accept: &str, name: &str, mime: &str) -> bool {
    let (name, mime) = (name.to_ascii_lowercase(), mime.to_ascii_lowercase());
    let mut kinds = accept.split(',').map(|kind| kind.trim().to_ascii_lowercase()).filter(|kind| !kind.is_empty());
    let fits = |kind: String| match kind.strip_suffix('*') {
        Some(family) => family == "*/" || mime.starts_with(family),
        None if kind.starts_with('.') => name.ends_with(&kind),
        None => mime == kind,
    };
    accept.trim_matches([' ', ',']).is_empty() || kinds.any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_part_of_an_address_whatever_is_in_it() {
        assert_eq!(as_address("cat.jpg"), "file:///cat.jpg");
        assert_eq!(as_address("a ä/?#%.png"), "file:///a%20%C3%A4%2F%3F%23%25.png");
        assert_eq!(as_address(&"ä".repeat(500)).len(), "file:///".len() + 100 * 6);
    }

    #[test]
    fn a_field_asks_for_what_its_attribute_says() {
        for (accept, asked) in [
            ("", true),
            (" , ", true),
            ("image/*", true),
            ("image/gif, IMAGE/PNG", true),
            (".gif,.PNG", true),
            ("*/*", true),
            ("image/gif", false),
            (".gif,.jpg", false),
            ("video/*,.pngx", false),
        ] {
            assert_eq!(is_asked_for(accept, "Cat.png", "image/png"), asked, "{accept}");
        }
    }

    #[test]
    fn a_file_keeps_its_name_unless_its_format_is_another() {
        for (name, mime, after) in [
            ("cat.jpg", "image/jpeg", "cat.jpg"),
            ("CAT.JPEG", "image/jpeg", "CAT.JPEG"),
            ("cat.gif", "image/png", "cat.png"),
            ("a.b.HEIC", "image/jpeg", "a.b.jpg"),
            ("cat", "image/png", "cat.png"),
            (".png", "image/png", ".png"),
            (".hidden", "image/webp", ".hidden.webp"),
            ("cat.bmp", "image/bmp", "cat.bmp"),
        ] {
            assert_eq!(renamed(name, mime), after);
        }
    }
}
