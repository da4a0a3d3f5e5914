//! The toolbar and the lines above it.

use super::frames::Frames;
use super::lines::Lines;
use super::results::Results;
use super::toolbar::Toolbar;
use crate::browser::i18n;
use crate::overlay::hand::Hand;
use crate::overlay::tool::TOOLS;
use crate::protocol::engine::FileFormat;
use crate::ui::dom::{attribute, by_id, inside};
use crate::ui::notice::Notice;
use crate::ui::sheet::Sheet;
use std::cell::Cell;
use std::rc::Rc;
use web_sys::{HtmlButtonElement, HtmlElement, HtmlInputElement, HtmlSelectElement};

/// See the module.
pub(super) struct Dock {
    pub notice: Notice,
    pub lines: Lines,
    pub results: Results,
    pub toolbar: Toolbar,
    pub size: HtmlInputElement,
    pub help: Sheet,
    format: HtmlSelectElement,
    native_format: Cell<FileFormat>,
}

impl Dock {
    pub(super) fn find(frames: &Rc<Frames>) -> Self {
        let redrawn = Rc::clone(frames);
        Self {
            notice: Notice::find("notice", move || redrawn.request()),
            lines: Lines::find(frames),
            results: Results::find(),
            toolbar: Toolbar::find(),
            size: by_id("size"),
            help: Sheet::find("help"),
            format: by_id("format"),
            native_format: Cell::new(FileFormat::Png),
        }
    }

    /// Shows which tool is chosen.
    pub(super) fn show_tool(&self, hand: &Hand) {
        for tool in TOOLS {
            let chosen = tool == hand.tool;
            let button: HtmlButtonElement = by_id(tool.id);
            attribute(&button, "aria-checked", if chosen { "true" } else { "false" });
            button.set_tab_index(if chosen { 0 } else { -1 });
            if chosen {
                self.lines.announce("statusTool", &[&i18n::text(tool.name, &[])]);
            }
        }
    }

    /// Shows how large the brush is.
    pub(super) fn show_size(&self, hand: &Hand) {
        self.size.set_value(&format!("{:.4}", hand.radius_along()));
        attribute(&self.size, "aria-valuetext", &i18n::text("statusSize", &[&hand.pixels()]));
    }

    /// The label of the button that an edit ends with: where nothing goes into a page, that is the one that saves.
    pub(super) fn ending(&self) -> String {
        let button: HtmlElement = by_id("done");
        let shown = (button.offset_width() > 0).then(|| inside::<HtmlElement>(&button, "span").text_content());
        shown.flatten().unwrap_or_else(|| i18n::text("save", &[]))
    }

    /// The result cannot be put into the page: the button that would do it says what can be done instead.
    pub(super) fn ends_in_keeping(&self) {
        let button: HtmlButtonElement = by_id("done");
        for name in ["aria-label", "data-tip"] {
            attribute(&button, name, &i18n::text("doneKeepTip", &[]));
        }
        inside::<HtmlElement>(&button, "span").set_text_content(Some(&i18n::text("doneKeep", &[])));
    }

    /// The format to save in, unless the user chooses another.
    pub(super) fn set_native_format(&self, format: FileFormat) {
        self.native_format.set(format);
        self.format.set_value(format.name());
    }

    /// The format that comes closest to that of the picture's file.
    pub(super) fn native_format(&self) -> FileFormat {
        self.native_format.get()
    }

    /// The format that the user chose.
    pub(super) fn format(&self) -> FileFormat {
        FileFormat::of_name(&self.format.value()).unwrap_or(self.native_format.get())
    }
}
