//! What people read, checked against the repository: every test and every file that a page names exists, and every file of Rust begins
//! with a header of its own.

use std::path::{Path, PathBuf};

/// The pages whose claims are checked.
const PAGES: [&str; 6] =
    ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/testing.md", "docs/faults.md"];
/// Folders at the top of the repository: what begins with one of them is a path.
const FOLDERS: [&str; 8] = ["extension", "wasm-core", "xtask", "e2e", "docs", "manifest", "icons", ".github"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("extension lives in the repository").to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between backquotes outside of blocks of code, each with the text that follows up to the next.
fn quoted(page: &str) -> Vec<(String, String)> {
    let mut in_code = false;
    let mut text = String::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            // Lines are broken anywhere.
            text += line.trim();
            text.push(' ');
        }
    }
    let parts: Vec<&str> = text.split('`').collect();
    parts[1..].chunks(2).map(|pair| (pair[0].to_owned(), pair.get(1).copied().unwrap_or_default().to_owned())).collect()
}

/// Titles of browser tests that follow the name of their file: `: "one", "two"`.
fn titles(after: &str) -> Vec<&str> {
    let Some(mut rest) = after.strip_prefix(": \"") else { return vec![] };
    let mut titles = vec![];
    while let Some((title, after)) = rest.split_once('"') {
        titles.push(title);
        match after.strip_prefix(", \"") {
            Some(more) => rest = more,
            None => break,
        }
    }
    titles
}

/// True for what names a file or folder of the repository, without a pattern in it.
fn is_path(text: &str) -> bool {
    let begins = FOLDERS.iter().any(|folder| text.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
    // What is made by building or testing is not there in a fresh checkout.
    begins
        && !text.contains(['*', '<', ' ', '{', '|', '…'])
        && !text.contains("NAME")
        && !text.contains("CODE")
        && !text.starts_with("e2e/out")
}

#[test]
fn every_test_that_a_page_names_exists() {
    let mut faults = vec![];
    let mut found = 0;
    for page in PAGES {
        for (name, after) in quoted(&read(page)) {
            if let Some((file, test)) = name.split_once("::").filter(|(file, _)| file.ends_with(".rs")) {
                found += 1;
                if !read(file).contains(&format!("fn {test}(")) {
                    faults.push(format!("{page}: {file} has no {test}"));
                }
            }
            let titles = if name.ends_with(".test.mjs") { titles(&after) } else { vec![] };
            for title in titles {
                found += 1;
                if !read(&name).contains(title) {
                    faults.push(format!("{page}: {name} has no test \"{title}\""));
                }
            }
        }
    }
    assert!(found > 20, "the pages name tests, and they are found: {found}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_that_a_page_names_exists() {
    let mut faults = vec![];
    for page in PAGES {
        for (name, _) in quoted(&read(page)) {
            let path = name.split("::").next().unwrap_or_default();
            if is_path(path) && !repository().join(path).exists() {
                faults.push(format!("{page}: there is no {path}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// All files of Rust below a folder of the repository.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("readable entry").path());
    let of = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => vec![path],
        _ => vec![],
    };
    paths.flat_map(of).collect()
}

#[test]
fn every_file_of_rust_begins_with_a_header_of_its_own() {
    let folders =
        ["extension/src", "extension/tests", "wasm-core/src", "wasm-core/tests", "wasm-core/examples", "xtask/src"];
    let (mut faults, mut headers) = (vec![], std::collections::BTreeMap::new());
    for path in folders.iter().flat_map(|folder| sources(&repository().join(folder))) {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        match text.lines().next().and_then(|line| line.strip_prefix("//! ")) {
            None => faults.push(format!("{} does not say what it is", path.display())),
            Some(header) => {
                if let Some(other) = headers.insert(header.to_owned(), path.clone()) {
                    faults.push(format!("{} and {} say the same of themselves", path.display(), other.display()));
                }
            }
        }
    }
    assert!(headers.len() > 200, "the files are found: {}", headers.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_stands_in_backquotes_is_found_with_its_titles() {
    let page = "a `b.rs::c` d\n```sh\n`no`\n```\n`e2e/x.test.mjs`: \"one\",\n\"two, or so\"; `f`";
    let quoted = quoted(page);
    let names: Vec<&str> = quoted.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["b.rs::c", "e2e/x.test.mjs", "f"]);
    assert_eq!(titles(&quoted[1].1), ["one", "two, or so"]);
    assert_eq!(titles(" and nothing"), Vec::<&str>::new());
}
