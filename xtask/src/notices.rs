//! The notices of everybody whose work is in the extension: Rust packages, Rust's standard library, fonts.

use crate::dependencies::{self, Package};
use crate::shell::{output, root};
use crate::{Result, build};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Name of the file in the extension.
pub const FILE: &str = "notices.txt";
/// What names of files with a licence or a notice begin with.
const LICENCE_FILES: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];
/// How names of font files end.
const FONTS: [&str; 4] = ["woff2", "woff", "ttf", "otf"];
const RULE: &str = "------------------------------------------------------------------------------";

/// The text of the file. It names every package with its licence and authors, and holds each licence's text once, with whom it is of.
///
/// Fails where a text is missing: nobody may be shipped without.
pub fn text() -> Result<String> {
    let packages = dependencies::shipped()?;
    // A mark of the byte order in front says that the file is UTF-8; files of an extension have no such header.
    let mut text = format!(
        "\u{FEFF}Rubout {} is under the Apache License 2.0 (see LICENSE). It contains the work of others, with thanks:\n\n",
        build::VERSION
    );
    for package in &packages {
        let authors = if package.authors.is_empty() { "its authors".into() } else { package.authors.join(", ") };
        let Package { name, version, licence, repository, .. } = package;
        writeln!(text, "{name} {version}, by {authors}, under {licence}\n    {repository}")?;
    }
    for (licence, of) in licences(&packages)? {
        write!(text, "\n{RULE}\n{}\n{RULE}\n\n{licence}\n", of.join(", "))?;
    }
    for (font, licence) in fonts(&root().join("extension/pages"))? {
        write!(text, "\n{RULE}\nThe font {font}\n{RULE}\n\n{licence}\n")?;
    }
    write!(text, "\n{RULE}\nRust's standard library\n{RULE}\n\n{}\n", standard_library()?)?;
    Ok(text)
}

/// Each text of a licence, with the packages that come with it.
fn licences(packages: &[Package]) -> Result<BTreeMap<String, Vec<String>>> {
    let mut licences: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        for text in licence_texts(package)? {
            licences.entry(text).or_default().push(format!("{} {}", package.name, package.version));
        }
    }
    Ok(licences)
}

/// The texts in a package's folder. A package that comes without any is used under Apache-2.0, where it may be; the text is that of our own
/// licence.
fn licence_texts(package: &Package) -> Result<Vec<String>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(&package.folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        path.is_file() && LICENCE_FILES.iter().any(|start| name.starts_with(start))
    });
    files.sort();
    if files.is_empty() && dependencies::may_be_used_under(package, "Apache-2.0") {
        files.push(root().join("LICENSE"));
    }
    if files.is_empty() {
        return Err(format!("{} {} comes without the text of its licence", package.name, package.version).into());
    }
    files.iter().map(|file| Ok(plain(&std::fs::read_to_string(file)?))).collect()
}

/// A text without differences that nobody sees, so that the same licence is there once.
fn plain(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// The fonts in a folder, each with the text beside it: `NAME.licence.txt` for `NAME.woff2`.
fn fonts(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut fonts = vec![];
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            fonts.extend(self::fonts(&path)?);
        } else if FONTS.iter().any(|end| path.extension().is_some_and(|extension| extension == *end)) {
            let licence = path.with_extension("licence.txt");
            let text = std::fs::read_to_string(&licence).map_err(|error| format!("{}: {error}", licence.display()))?;
            fonts.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), plain(&text)));
        }
    }
    fonts.sort();
    Ok(fonts)
}

/// What the compiler says of its own library, which is in every program.
fn standard_library() -> Result<String> {
    let folder = output("rustc", &["--print", "sysroot"]).ok_or("rustc does not name its folder")?;
    let page = Path::new(folder.trim()).join("share/doc/rust/COPYRIGHT-library.html");
    match std::fs::read_to_string(page) {
        Ok(page) => Ok(without_tags(&page)),
        // Some distributions leave the page out.
        Err(_) => Ok("By The Rust Project Developers (https://thanks.rust-lang.org), under MIT OR Apache-2.0.".into()),
    }
}

/// The text of a page of HTML, without empty lines in a row.
fn without_tags(page: &str) -> String {
    let body = page.split_once("<body>").map_or(page, |(_, body)| body);
    let mut text = String::new();
    for part in body.split('<') {
        text += part.split_once('>').map_or(part, |(_, after)| after);
    }
    for (entity, character) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        text = text.replace(entity, character);
    }
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.dedup_by(|line, before| line.trim().is_empty() && before.trim().is_empty());
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_ships_is_named_with_its_licence() {
        let text = text().expect("every package has a licence's text");
        for package in dependencies::shipped().expect("cargo lists them") {
            assert!(text.contains(&format!("{} {}, by ", package.name, package.version)), "{}", package.name);
        }
        for part in [
            "wgpu ",
            "image ",
            "wasm-bindgen ",
            "Apache License",
            "Permission is hereby granted",
            "Independent JPEG Group",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("proptest "), "what only tests use is not in the extension");
    }

    #[test]
    fn a_font_needs_the_text_of_its_licence() {
        let folder = std::env::temp_dir().join(format!("rubout-fonts-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("type")).expect("a folder for the test");
        std::fs::write(folder.join("type/Hat.woff2"), b"").expect("a font");
        assert!(fonts(&folder).is_err_and(|error| error.to_string().contains("Hat.licence.txt")));
        std::fs::write(folder.join("type/Hat.licence.txt"), "OFL\r\n").expect("its licence");
        assert_eq!(fonts(&folder).expect("now it has one"), [("Hat.woff2".to_owned(), "OFL".to_owned())]);
        std::fs::remove_dir_all(folder).expect("the test's own folder");
    }

    #[test]
    fn a_page_becomes_text() {
        let page =
            "<html><head><title>x</title></head><body>\n<p>A &lt;b&gt;\n\n\n\n<b>c</b> &amp;amp;</p></body></html>";
        assert_eq!(without_tags(page), "A <b>\n\nc &amp;");
    }
}
