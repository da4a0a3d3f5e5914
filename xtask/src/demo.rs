//! A real erase in a real browser.

use crate::shell::{self, root};
use crate::{Result, build, tools};

/// Builds, erases something from the demo page and leaves pictures of it in `dist/demo/`. With a display, the browser
/// stays open for the user to try.
pub fn run() -> Result {
    build::run(build::Profile::Web)?;
    let chromium = format!("CHROMIUM={}", tools::chromium()?);
    let folder = root().join("e2e");
    let display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|v| std::env::var_os(v).is_some_and(|d| !d.is_empty()));
    if display {
        return shell::run(&folder, "env", &[&chromium, "node", "demo.mjs", "--stay"]);
    }
    tools::virtual_screen()?;
    let screen = "--server-args=-screen 0 1280x900x24";
    shell::run(&folder, "env", &[&chromium, "xvfb-run", "--auto-servernum", screen, "node", "demo.mjs"])
}
