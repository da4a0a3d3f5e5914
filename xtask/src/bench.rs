//! The built-in fill, timed in a real browser.

use crate::shell::{self, root};
use crate::{Result, build, tools};
use std::path::absolute;

/// Builds, then runs the cases of `folder` and leaves pictures and times in `out`.
pub fn run(folder: &str, out: &str) -> Result {
    build::run(build::Profile::Web)?;
    let chromium = format!("CHROMIUM={}", tools::chromium()?);
    let (folder, out) = (absolute(folder)?, absolute(out)?);
    let arguments = [&*chromium, "node", "bench.mjs", &folder.to_string_lossy(), &out.to_string_lossy()];
    shell::run(&root().join("e2e"), "env", &arguments)
}
