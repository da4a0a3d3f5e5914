//! A real erase in a real browser.

use crate::shell::{self, root};
use crate::{Result, build, tools};

/// Builds, erases something from the demo page and leaves pictures of it in `dist/demo/`. With a display, the browser
/// stays open for the user to try.
pub fn run() -> Result {
    build::run(build::Profile::Web)?;
    let chromium = format!("CHROMIUM={}", tools::chromium()?);
    let folder = root().join("e2e");
    if has_display() {
        return shell::run(&folder, "env", &[&chromium, "node", "demo.mjs", "--stay"]);
    }
    tools::virtual_screen()?;
    let screen = "--server-args=-screen 0 1280x900x24";
    shell::run(&folder, "env", &[&chromium, "xvfb-run", "--auto-servernum", screen, "node", "demo.mjs"])
}

/// The same in Firefox, with pictures in `dist/demo-firefox/`.
pub fn in_firefox() -> Result {
    build::run(build::Profile::Web)?;
    let firefox = format!("FIREFOX={}", tools::firefox()?);
    let mut words = vec![firefox.as_str(), "node", "demo-firefox.mjs"];
    words.extend(has_display().then_some("--stay"));
    shell::run(&root().join("e2e"), "env", &words)
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|v| std::env::var_os(v).is_some_and(|d| !d.is_empty()))
}
