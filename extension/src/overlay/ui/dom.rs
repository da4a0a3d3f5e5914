//! The elements of `overlay.html`.

pub(super) use crate::ui::dom::{attribute, by_id, document, reduced_motion, root, style, window};
pub(super) use crate::ui::listen::on;
pub(super) use crate::ui::translation::translate_page;
use web_sys::{
    HtmlButtonElement, HtmlCanvasElement, HtmlDialogElement, HtmlElement, HtmlInputElement, HtmlProgressElement,
    HtmlSelectElement,
};

/// The elements that are used by name.
pub(super) struct Dom {
    pub stage: HtmlElement,
    pub picture: HtmlCanvasElement,
    pub mask: HtmlCanvasElement,
    pub ring: HtmlElement,
    pub shimmer: HtmlElement,
    pub dim: HtmlElement,
    pub dock: HtmlElement,
    pub notice: HtmlElement,
    pub notice_text: HtmlElement,
    pub notice_yes: HtmlButtonElement,
    pub notice_no: HtmlButtonElement,
    pub progress: HtmlElement,
    pub progress_bar: HtmlProgressElement,
    pub progress_text: HtmlElement,
    pub status: HtmlElement,
    pub hint: HtmlElement,
    pub size: HtmlInputElement,
    pub format: HtmlSelectElement,
    pub engine: HtmlSelectElement,
    pub auto: HtmlButtonElement,
    pub help_sheet: HtmlDialogElement,
    /// Results of the last fill to choose from.
    pub variations: HtmlElement,
    /// How far a model's download is.
    pub download: HtmlElement,
    pub settings_sheet: HtmlDialogElement,
    pub seed: HtmlInputElement,
    pub note: HtmlInputElement,
}

impl Dom {
    /// Finds them all; a missing one is a broken build.
    pub(super) fn find() -> Self {
        Self {
            stage: by_id("stage"),
            picture: by_id("picture"),
            mask: by_id("mask"),
            ring: by_id("ring"),
            shimmer: by_id("shimmer"),
            dim: by_id("dim"),
            dock: by_id("dock"),
            notice: by_id("notice"),
            notice_text: by_id("notice-text"),
            notice_yes: by_id("notice-yes"),
            notice_no: by_id("notice-no"),
            progress: by_id("progress"),
            progress_bar: by_id("progress-bar"),
            progress_text: by_id("progress-text"),
            status: by_id("status"),
            hint: by_id("hint"),
            size: by_id("size"),
            format: by_id("format"),
            engine: by_id("engine"),
            auto: by_id("auto"),
            help_sheet: by_id("help-sheet"),
            variations: by_id("variations"),
            download: by_id("download"),
            settings_sheet: by_id("settings-sheet"),
            seed: by_id("seed"),
            note: by_id("note"),
        }
    }

    /// A button by its id.
    pub(super) fn button(&self, id: &str) -> HtmlButtonElement {
        by_id(id)
    }
}
