//! The lines above the toolbar that tell something: progress, the hint, a model's download; and what the screen reader says.

use super::frames::Frames;
use crate::browser::i18n;
use crate::ui::announcer::Announcer;
use crate::ui::dom::{attribute, by_id};
use std::rc::Rc;
use web_sys::{HtmlElement, HtmlProgressElement};

/// See the module.
pub(super) struct Lines {
    progress: HtmlElement,
    progress_bar: HtmlProgressElement,
    progress_text: HtmlElement,
    announcer: Announcer,
    hint: HtmlElement,
    download: HtmlElement,
    frames: Rc<Frames>,
}

impl Lines {
    pub(super) fn find(frames: &Rc<Frames>) -> Self {
        Self {
            progress: by_id("progress"),
            progress_bar: by_id("progress-bar"),
            progress_text: by_id("progress-text"),
            announcer: Announcer::find(),
            hint: by_id("hint"),
            download: by_id("download"),
            frames: Rc::clone(frames),
        }
    }

    /// Shows the progress row. `done` goes from 0 to 1; it is none while it cannot be told.
    pub(super) fn progress(&self, text: &str, done: Option<f64>) {
        self.progress_text.set_text_content(Some(text));
        match done {
            Some(done) => self.progress_bar.set_value(done),
            // An absent value makes the bar indeterminate.
            None => {
                let _ = self.progress_bar.remove_attribute("value");
            }
        }
        if self.progress.hidden() {
            self.progress.set_hidden(false);
            self.frames.request();
        }
    }

    /// Takes the progress row away.
    pub(super) fn progress_over(&self) {
        self.progress.set_hidden(true);
        self.frames.request();
    }

    /// Tells the screen reader, and nobody else.
    pub(super) fn announce(&self, key: &str, placeholders: &[&str]) {
        self.announcer.say(&i18n::text(key, placeholders));
    }

    /// The one-line hint above the toolbar.
    pub(super) fn hint(&self, key: &str) {
        self.hint_with(key, &[]);
    }

    /// As [`Self::hint`], with something filled in.
    pub(super) fn hint_with(&self, key: &str, placeholders: &[&str]) {
        attribute(&self.hint, "data-i18n", key);
        self.hint_sentence(&i18n::text(key, placeholders));
    }

    /// Says that something is done, for all to read; a screen reader says it as well.
    pub(super) fn say(&self, key: &str, placeholders: &[&str]) {
        let sentence = i18n::text(key, placeholders);
        attribute(&self.hint, "data-i18n", key);
        self.hint_sentence(&sentence);
        self.announcer.say(&sentence);
    }

    /// A hint that is put together from more than one message.
    pub(super) fn hint_sentence(&self, sentence: &str) {
        self.hint.set_text_content(Some(sentence));
    }

    /// How far a model's download is; none takes the line away.
    pub(super) fn download(&self, text: Option<&str>) {
        self.download.set_text_content(text);
        if self.download.hidden() == text.is_some() {
            self.download.set_hidden(text.is_none());
            self.frames.request();
        }
    }
}
