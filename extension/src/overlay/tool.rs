//! The tools of the overlay, in one table. Buttons, keys, words and gestures are bound from it.

use super::host::Host;
use super::rows;

/// What dragging with a tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drag {
    /// Paints a stroke of the brush's width, or takes paint away.
    Stroke {
        /// Takes away.
        erase: bool,
    },
    /// Spans an upright rectangle between two corners.
    Rectangle,
    /// Draws a closed outline.
    Lasso,
    /// Points at a thing, or draws a rough circle around it: the engine finds the thing.
    Select,
    /// Spans the rectangle that is left of the picture. In the editor only.
    Crop,
    /// Points at a word, or spans a rectangle over several: the engine has found them.
    Words,
}

/// One tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Id of its button in `overlay.html`.
    pub id: &'static str,
    /// Its key, lower case.
    pub key: &'static str,
    /// Key of its name in `_locales`.
    pub name: &'static str,
    /// Key of its line in the list of keys, in `_locales`.
    pub help: &'static str,
    /// What dragging does.
    pub drag: Drag,
    /// Whether a ring as wide as the brush follows the pointer.
    pub ring: bool,
    /// How soon it goes into the menu where the toolbar has no room: the highest first, 0 never, [`rows::ALWAYS`] also where there is room. It is
    /// among those of all controls (`data-rank` in `overlay.html`). The tool that is chosen never goes.
    pub rank: u32,
}

/// All tools, in the order of their buttons. The first is chosen at the start.
pub const TOOLS: &[Tool] = &[
    Tool {
        id: "tool-brush",
        key: "b",
        name: "toolBrush",
        help: "helpBrush",
        drag: Drag::Stroke { erase: false },
        ring: true,
        rank: 0,
    },
    Tool {
        id: "tool-eraser",
        key: "e",
        name: "toolEraser",
        help: "helpEraser",
        drag: Drag::Stroke { erase: true },
        ring: true,
        rank: 1,
    },
    Tool {
        id: "tool-rectangle",
        key: "r",
        name: "toolRectangle",
        help: "helpRectangle",
        drag: Drag::Rectangle,
        ring: false,
        rank: rows::ALWAYS,
    },
    Tool {
        id: "tool-lasso",
        key: "l",
        name: "toolLasso",
        help: "helpLasso",
        drag: Drag::Lasso,
        ring: false,
        rank: rows::ALWAYS,
    },
    Tool {
        id: "tool-select",
        key: "s",
        name: "toolSelect",
        help: "helpSelect",
        drag: Drag::Select,
        ring: false,
        rank: 1,
    },
    Tool { id: "tool-text", key: "w", name: "toolText", help: "helpText", drag: Drag::Words, ring: false, rank: 1 },
    Tool {
        id: "tool-crop",
        key: "k",
        name: "toolCrop",
        help: "helpCrop",
        drag: Drag::Crop,
        ring: false,
        rank: rows::ALWAYS,
    },
];

impl Tool {
    /// The tool that this key chooses, in upper or lower case.
    pub fn of_key(key: &str) -> Option<&'static Self> {
        TOOLS.iter().find(|tool| key.eq_ignore_ascii_case(tool.key))
    }

    /// Whether this home of the overlay has it: over a page, the picture's shape is that of its place there.
    pub fn is_in(&self, host: Host) -> bool {
        self.drag != Drag::Crop || host == Host::Editor
    }

    /// The tool beside this one in this home, around the ends of the table.
    pub fn neighbour(&self, forward: bool, host: Host) -> &'static Self {
        let now = TOOLS.iter().position(|tool| tool == self).unwrap_or(0);
        let step = if forward { 1 } else { TOOLS.len() - 1 };
        let others = (1..TOOLS.len()).map(|steps| &TOOLS[(now + steps * step) % TOOLS.len()]);
        others.into_iter().find(|tool| tool.is_in(host)).unwrap_or(&TOOLS[now])
    }

    /// True for a tool that takes paint away.
    pub fn erases(&self) -> bool {
        self.drag == Drag::Stroke { erase: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn read(path: &str) -> String {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file of this crate")
    }

    /// The start tag that begins with this.
    fn tag<'a>(html: &'a str, begin: &str) -> &'a str {
        let at = html.find(begin).unwrap_or_else(|| panic!("overlay.html has {begin}"));
        html[at..].split('>').next().unwrap_or_default()
    }

    #[test]
    fn the_page_has_a_button_and_a_line_of_help_for_every_tool_and_no_others() {
        let html = read("pages/overlay.html");
        for tool in TOOLS {
            let button = tag(&html, &format!("<button id=\"{}\"", tool.id));
            let key = tool.key.to_uppercase();
            let checked = tool == &TOOLS[0];
            for wanted in [
                "role=\"radio\"".to_owned(),
                format!("aria-checked=\"{checked}\""),
                format!("data-key=\"{key}\""),
                format!("aria-keyshortcuts=\"{key}\""),
                format!("data-i18n-label=\"{}\"", tool.name),
            ] {
                assert!(button.contains(&wanted), "{}: no {wanted} in {button}", tool.id);
            }
            let rank = if tool.rank > 0 { format!(" data-rank=\"{}\"", tool.rank) } else { String::new() };
            assert!(button.contains(&rank) && button.contains("data-rank") != rank.is_empty(), "{}: {button}", tool.id);
            let line = html.lines().find(|line| line.contains(&format!("data-i18n=\"{}\"", tool.help)));
            let line = line.unwrap_or_else(|| panic!("a line of help for {}", tool.id));
            assert!(line.contains(&format!("<kbd>{key}</kbd>")), "{line}");
        }
        let order: Vec<usize> = TOOLS.iter().filter_map(|tool| html.find(&format!("id=\"{}\"", tool.id))).collect();
        assert!(order.is_sorted(), "the buttons stand in the order of the table");
        assert_eq!(html.matches("id=\"tool-").count(), TOOLS.len());
    }

    #[test]
    fn every_language_names_every_tool() {
        let locales = Path::new(env!("CARGO_MANIFEST_DIR")).join("_locales");
        let mut languages = 0;
        for folder in std::fs::read_dir(locales).expect("a folder of this crate") {
            let path = folder.expect("readable").path().join("messages.json");
            let text = std::fs::read_to_string(&path).expect("every language has its messages");
            let messages: serde_json::Value = serde_json::from_str(&text).expect("messages are JSON");
            for key in TOOLS.iter().flat_map(|tool| [tool.name, tool.help]) {
                let message = messages[key]["message"].as_str().unwrap_or_default();
                assert!(!message.is_empty(), "{} has no {key}", path.display());
            }
            languages += 1;
        }
        assert!(languages > 1);
    }

    #[test]
    fn keys_choose_tools_and_arrows_go_round() {
        for (at, tool) in TOOLS.iter().enumerate() {
            assert_eq!(Tool::of_key(tool.key), Some(tool));
            assert_eq!(Tool::of_key(&tool.key.to_uppercase()), Some(tool), "with Shift or Caps Lock");
            assert_eq!(tool.neighbour(true, Host::Editor).neighbour(false, Host::Editor), tool);
            let ids = TOOLS[at + 1..].iter().map(|other| (other.id, other.key));
            assert!(ids.into_iter().all(|(id, key)| id != tool.id && key != tool.key), "{} twice", tool.id);
        }
        let crop = Tool::of_key("k").expect("a tool that crops");
        assert!(crop.is_in(Host::Editor) && !crop.is_in(Host::Shim) && !crop.is_in(Host::Tab));
        assert_eq!(TOOLS[0].neighbour(false, Host::Editor), crop);
        assert_eq!(TOOLS[0].neighbour(false, Host::Shim).id, "tool-text", "over a page there is none");
        assert_eq!(Tool::of_key("x"), None);
        assert_eq!(TOOLS.iter().filter(|tool| tool.erases()).count(), 1);
    }
}
