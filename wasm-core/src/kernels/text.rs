//! Leaves comments and indentation out of the kernels' text in web builds.
//!
//! Only people read them, but every user would download them, and the browser would parse them each time it compiles a kernel. Without
//! them, the engine is about 6 kB smaller.

/// The text of a WGSL file, whose path is relative to the file that names it.
macro_rules! wgsl {
    ($file:literal) => {{
        const TEXT: &str = include_str!($file);
        #[cfg(target_arch = "wasm32")]
        {
            const STRIPPED: ([u8; TEXT.len()], usize) = $crate::kernels::text::strip(TEXT);
            const SHIPPED: [u8; STRIPPED.1] = $crate::kernels::text::start(&STRIPPED.0);
            match std::str::from_utf8(&SHIPPED) {
                Ok(text) => text,
                Err(_) => unreachable!(),
            }
        }
        #[cfg(not(target_arch = "wasm32"))]
        TEXT
    }};
}
pub(super) use wgsl;

/// A text without comments (from `//` to the end of the line), indentation and empty lines: it fills the first bytes of the array, as
/// many as the second value says.
#[cfg(any(target_arch = "wasm32", test))]
pub(super) const fn strip<const N: usize>(text: &str) -> ([u8; N], usize) {
    let text = text.as_bytes();
    let mut stripped = [0; N];
    let (mut from, mut to) = (0, 0);
    let mut line_is_empty = true;
    while from < text.len() {
        if text[from] == b'/' && from + 1 < text.len() && text[from + 1] == b'/' {
            while from < text.len() && text[from] != b'\n' {
                from += 1;
            }
            continue;
        }
        let byte = text[from];
        from += 1;
        let ends_line = byte == b'\n';
        if !(line_is_empty && (ends_line || byte == b' ')) {
            stripped[to] = byte;
            to += 1;
        }
        line_is_empty = ends_line || (line_is_empty && byte == b' ');
    }
    (stripped, to)
}

/// The first `N` bytes.
#[cfg(any(target_arch = "wasm32", test))]
pub(super) const fn start<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut start = [0; N];
    let mut at = 0;
    while at < N {
        start[at] = bytes[at];
        at += 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn stripped(text: &str) -> String {
        let (bytes, length) = strip::<100_000>(text);
        String::from_utf8(bytes[..length].to_vec()).expect("characters stay whole")
    }

    #[test]
    fn comments_indentation_and_empty_lines_go_and_nothing_else() {
        let text =
            "// A header.\n\nfn main() {\n    // Why; Σ is no ASCII.\n    let a = b / c; // here\n\n    d /= 2;\n}";
        assert_eq!(stripped(text), "fn main() {\nlet a = b / c; \nd /= 2;\n}");
        const LENGTH: usize = strip::<9>("a // b\n  ").1;
        assert_eq!(start::<LENGTH>(&strip::<9>("a // b\n  ").0), *b"a \n");
    }

    #[test]
    fn every_kernel_keeps_its_code() {
        let mut files = 0;
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kernels")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("readable folder") {
                let path = entry.expect("readable entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "wgsl") {
                    let text = std::fs::read_to_string(&path).expect("readable file");
                    let code = text.lines().map(|line| line.split("//").next().unwrap_or(""));
                    let code: Vec<&str> = code.flat_map(str::split_whitespace).collect();
                    assert_eq!(stripped(&text).split_whitespace().collect::<Vec<_>>(), code, "{}", path.display());
                    files += 1;
                }
            }
        }
        assert!(files > 30, "{files} files");
    }
}
