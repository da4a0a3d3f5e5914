//! What goes to the stores.

use crate::build::Browser;
use crate::shell::{self, root};
use crate::{Result, build, lint, size};
use std::io::Write;
use std::path::Path;
use zip::write::SimpleFileOptions;

/// Builds and zips for each browser, and puts the committed sources beside that, which Firefox's store asks for: from the same sources, the same bytes.
pub fn run() -> Result {
    let changes = std::fs::read_to_string(root().join("docs/CHANGELOG.md"))?;
    if !changes.contains(&format!("## [{}]", build::VERSION)) {
        return Err(format!("docs/CHANGELOG.md has no section [{}]: write down what changed", build::VERSION).into());
    }
    // The archive has what is committed, and nothing else can be built from it.
    let changed = shell::output("git", &["status", "--porcelain", "--untracked-files=no"]).unwrap_or_default();
    if !changed.is_empty() {
        return Err(format!("commit first; these have changed since:\n{changed}").into());
    }
    build::run(build::Profile::Web)?;
    size::check()?;
    lint::firefox_package()?;
    let name = |rest: &str| root().join(format!("dist/rubout-{}-{rest}", build::VERSION));
    zip(&Browser::Chrome.folder(), &name("chrome.zip"))?;
    zip(&Browser::Firefox.folder(), &name("firefox.xpi"))?;
    let (sources, prefix) = (name("source.zip"), format!("--prefix=rubout-{}/", build::VERSION));
    let out = format!("--output={}", sources.display());
    shell::run(&root(), "git", &["archive", "--format=zip", &prefix, &out, "HEAD"])?;
    println!("{}", sources.display());
    Ok(())
}

/// Zips a folder. Entries are sorted and carry no time.
fn zip(folder: &Path, target: &Path) -> Result {
    let mut files = Vec::new();
    list(folder, "", &mut files)?;
    files.sort();
    let mut archive = zip::ZipWriter::new(std::fs::File::create(target)?);
    for name in &files {
        archive.start_file(name.as_str(), SimpleFileOptions::default())?;
        archive.write_all(&std::fs::read(folder.join(name))?)?;
    }
    archive.finish()?;
    println!("{} ({} files)", target.display(), files.len());
    Ok(())
}

fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) -> Result {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}
