//! The pictures that the stores show, made by the real extension in a real browser.

use crate::shell::{self, root};
use crate::{Result, build, tools};

/// Builds, and leaves pictures of 1280 x 800 and a tile of 440 x 280 in `dist/store/`.
pub fn run() -> Result {
    build::run(build::Profile::Web)?;
    let chromium = format!("CHROMIUM={}", tools::chromium()?);
    tools::virtual_screen()?;
    // Room for a window whose page has the size of the pictures.
    let screen = "--server-args=-screen 0 1400x1000x24";
    shell::run(
        &root().join("e2e"),
        "env",
        &[&chromium, "xvfb-run", "--auto-servernum", screen, "node", "store-pictures.mjs"],
    )
}
