//! The zip that goes to the store.

use crate::shell::root;
use crate::{Result, build, size};
use std::io::Write;
use std::path::Path;
use zip::write::SimpleFileOptions;

/// Builds and zips. The same sources give the same bytes: entries are sorted and carry no time.
pub fn run() -> Result {
    let changes = std::fs::read_to_string(root().join("docs/CHANGELOG.md"))?;
    if !changes.contains(&format!("## [{}]", build::VERSION)) {
        return Err(format!("docs/CHANGELOG.md has no section [{}]: write down what changed", build::VERSION).into());
    }
    build::run(build::Profile::Web)?;
    size::check()?;
    let target = root().join(format!("dist/rubout-chrome-{}.zip", build::VERSION));
    let mut files = Vec::new();
    list(&build::folder(), "", &mut files)?;
    files.sort();
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&target)?);
    for name in &files {
        archive.start_file(name.as_str(), SimpleFileOptions::default())?;
        archive.write_all(&std::fs::read(build::folder().join(name))?)?;
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
