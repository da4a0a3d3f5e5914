//! Names of results: those of their files, each once.

use crate::protocol::engine::FileFormat;
use std::collections::HashSet;

/// Characters of a folder's or file's name that are kept.
const MAX_LENGTH: usize = 100;
/// Name of a file that has none.
const NAMELESS: &str = "picture";

/// The names that are taken already. File systems that people use do not tell capital letters from small ones.
#[derive(Default)]
pub struct Names(HashSet<String>);

impl Names {
    /// The name, in its folders, of the result of the file at `path` in this format: its own, with another extension where the format is another. A name
    /// that is taken gets a number.
    pub fn of(&mut self, path: &str, format: FileFormat) -> Vec<String> {
        let mut parts: Vec<String> = path.split('/').map(safe).filter(|part| !part.is_empty()).collect();
        let name = parts.pop().unwrap_or_else(|| NAMELESS.into());
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, extension),
            _ => (name.as_str(), ""),
        };
        let is_own = extensions(format).iter().any(|known| extension.eq_ignore_ascii_case(known));
        let extension = if is_own { extension } else { format.extension() };
        let numbered = |number: u32| match number {
            1 => format!("{stem}.{extension}"),
            number => format!("{stem} ({number}).{extension}"),
        };
        let folder = parts.join("/");
        let is_free = |name: &String| self.0.insert(format!("{folder}/{name}").to_lowercase());
        parts.extend((1..).map(numbered).find(is_free));
        parts
    }
}

/// What files of a format are called.
fn extensions(format: FileFormat) -> &'static [&'static str] {
    match format {
        FileFormat::Png => &["png"],
        FileFormat::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
        FileFormat::Webp => &["webp"],
    }
}

/// A part of a path as all file systems take it; nothing for what leads elsewhere.
fn safe(part: &str) -> String {
    let allowed = |c: char| if c.is_control() || r#"\:*?"<>|"#.contains(c) { '_' } else { c };
    // Trailing dots are dropped by some file systems, and a name of dots alone leads elsewhere.
    let kept = part.trim().trim_end_matches('.');
    let (stem, extension) = kept.rsplit_once('.').unwrap_or((kept, ""));
    let stem: String = stem.chars().map(allowed).take(MAX_LENGTH).collect();
    match extension.len() {
        0 => stem,
        1..=8 => format!("{stem}.{}", extension.chars().map(allowed).collect::<String>()),
        _ => kept.chars().map(allowed).take(MAX_LENGTH).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_result_has_the_name_of_its_file() {
        let of = |path: &str, format| Names::default().of(path, format).join("/");
        for (path, format, name) in [
            ("cat.jpg", FileFormat::Jpeg, "cat.jpg"),
            ("Trip/Day 1/CAT.JPEG", FileFormat::Jpeg, "Trip/Day 1/CAT.JPEG"),
            ("cat.heic", FileFormat::Jpeg, "cat.jpg"),
            ("cat.gif", FileFormat::Png, "cat.png"),
            ("cat", FileFormat::Webp, "cat.webp"),
            (".hidden", FileFormat::Png, ".hidden.png"),
            ("../../etc/x.png", FileFormat::Png, "etc/x.png"),
            ("a:b?/c*.png", FileFormat::Png, "a_b_/c_.png"),
            ("猫 写真.png", FileFormat::Png, "猫 写真.png"),
            ("", FileFormat::Png, "picture.png"),
        ] {
            assert_eq!(of(path, format), name, "{path}");
        }
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let mut names = Names::default();
        let mut of = |path: &str, format| names.of(path, format).join("/");
        assert_eq!(of("a/cat.png", FileFormat::Png), "a/cat.png");
        assert_eq!(of("a/CAT.png", FileFormat::Png), "a/CAT (2).png", "file systems take it for the same");
        assert_eq!(of("b/cat.png", FileFormat::Png), "b/cat.png");
        assert_eq!(of("a/cat.gif", FileFormat::Png), "a/cat (3).png");
    }

    proptest! {
        #[test]
        fn any_path_gives_a_name_inside_of_its_folder(path in ".{0,60}") {
            let parts = Names::default().of(&path, FileFormat::Png);
            prop_assert!(!parts.is_empty());
            for part in parts {
                prop_assert!(!part.is_empty() && part != "." && part != ".." && !part.contains(['/', '\\', ':']));
            }
        }
    }
}
