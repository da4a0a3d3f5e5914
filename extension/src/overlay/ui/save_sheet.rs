//! The controls of the sheet that saves a file as the user sets it, and what it shows of that file.

use crate::browser::{i18n, refused};
use crate::overlay::saving::{QUALITY, quality, reduced, save_as};
use crate::protocol::Failure;
use crate::protocol::engine::{FileFormat, SaveAs};
use crate::ui::dom::{attribute, by_id};
use crate::ui::listen::on;
use crate::ui::sentences;
use crate::ui::sheet::Sheet;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use web_sys::{
    Blob, DragEvent, Event, HtmlButtonElement, HtmlDialogElement, HtmlElement, HtmlImageElement, HtmlInputElement,
    HtmlSelectElement, Url,
};

/// Maximum number of pixels of a file that is shown as well.
const SHOWN: u64 = 25_000_000;

/// The file as it would be saved.
#[derive(Clone)]
pub(super) struct Made {
    pub file: Blob,
    pub name: String,
    url: String,
}

/// See the module.
pub(super) struct SaveSheet {
    sheet: Sheet,
    format: HtmlSelectElement,
    quality: HtmlInputElement,
    width: HtmlInputElement,
    metadata: HtmlInputElement,
    pub save: HtmlButtonElement,
    facts: HtmlElement,
    preview: HtmlImageElement,
    full: Cell<(u32, u32)>,
    native: Cell<FileFormat>,
    /// The quality, once the user has moved the slider.
    set: Cell<Option<u8>>,
    made: RefCell<Option<Made>>,
    /// How often something was set.
    changes: Cell<u32>,
    /// Held while a file is written: only the newest is wanted.
    pub turn: futures::lock::Mutex<()>,
}

impl SaveSheet {
    pub(super) fn find() -> Self {
        Self {
            sheet: Sheet::find("save-as"),
            format: by_id("save-as-format"),
            quality: by_id("quality"),
            width: by_id("save-as-width"),
            metadata: by_id("save-as-metadata"),
            save: by_id("save-as-save"),
            facts: by_id("save-as-facts"),
            preview: by_id("save-as-preview"),
            full: Cell::default(),
            native: Cell::new(FileFormat::Png),
            set: Cell::default(),
            made: RefCell::default(),
            changes: Cell::default(),
            turn: futures::lock::Mutex::default(),
        }
    }

    /// Opens it for a picture of this size, in `format`; `native` is that of its file.
    pub(super) fn show(&self, full: (u32, u32), format: FileFormat, native: FileFormat) {
        self.full.set(full);
        self.native.set(native);
        self.set.set(None);
        self.format.set_value(format.name());
        self.quality.set_value(&QUALITY.to_string());
        self.width.set_max(&full.0.to_string());
        self.width.set_value(&full.0.to_string());
        self.metadata.set_checked(true);
        self.sheet.show();
    }

    pub(super) fn is_open(&self) -> bool {
        self.sheet.is_open()
    }

    pub(super) fn close(&self) {
        by_id::<HtmlDialogElement>("save-as-sheet").close();
    }

    /// `changed` is called whenever something was set.
    pub(super) fn listen(self: &Rc<Self>, changed: impl Fn() + Clone + 'static) {
        let it = Rc::clone(self);
        on(&self.quality, "input", move |_: &Event| it.set.set(Some(it.quality.value_as_number() as u8)));
        for control in [&self.quality, &self.width, &self.metadata] {
            let changed = changed.clone();
            on(control, "input", move |_: &Event| changed());
        }
        on(&self.format, "change", move |_: &Event| changed());
        let it = Rc::clone(self);
        on(&by_id::<HtmlElement>("save-as-drag"), "dragstart", move |event: &DragEvent| {
            if let (Some(data), Some(made)) = (event.data_transfer(), &*it.made.borrow()) {
                let address = format!("{}:{}:{}", made.file.type_(), made.name, made.url);
                // Only data that is not being dragged refuses.
                let _ = data.set_data("DownloadURL", &address);
            }
        });
        let it = Rc::clone(self);
        on(&by_id::<HtmlElement>("save-as-sheet"), "close", move |_: &Event| it.forget());
    }

    pub(super) fn format(&self) -> FileFormat {
        FileFormat::of_name(&self.format.value()).unwrap_or(self.native.get())
    }

    /// Whether the file keeps the metadata of its source.
    pub(super) fn keeps_metadata(&self) -> bool {
        self.metadata.checked()
    }

    /// What is set.
    pub(super) fn save_as(&self) -> SaveAs {
        let quality = quality(self.format(), self.native.get(), self.set.get());
        save_as(self.full.get(), self.width.value_as_number(), quality)
    }

    /// Shows what is set, and that the file is being made. Gives the number of this change.
    pub(super) fn begin(&self) -> u32 {
        self.changes.set(self.changes.get() + 1);
        self.forget();
        let (format, save_as) = (self.format(), self.save_as());
        by_id::<HtmlElement>("quality-setting").set_hidden(format == FileFormat::Png);
        let words = match save_as.quality {
            None => i18n::text("qualityOriginal", &[]),
            Some(100) if format == FileFormat::Webp => i18n::text("qualityLossless", &[]),
            Some(quality) => quality.to_string(),
        };
        by_id::<HtmlElement>("quality-shown").set_text_content(Some(&words));
        attribute(&self.quality, "aria-valuetext", &words);
        self.facts.set_text_content(Some(&i18n::text("saveMeasuring", &[])));
        self.save.set_disabled(true);
        self.changes.get()
    }

    /// Whether nothing was set since that change, and the sheet is still open.
    pub(super) fn is_current(&self, change: u32) -> bool {
        self.changes.get() == change && self.is_open()
    }

    /// Shows the file that was made.
    pub(super) fn show_made(&self, file: Blob, name: String) -> Result<(), Failure> {
        let url = Url::create_object_url_with_blob(&file).map_err(refused)?;
        let (width, height) = reduced(self.full.get(), self.width.value_as_number());
        let size = sentences::size(file.size());
        let facts = i18n::text("saveFacts", &[&width.to_string(), &height.to_string(), &size]);
        self.facts.set_text_content(Some(&facts));
        if u64::from(width) * u64::from(height) <= SHOWN {
            self.preview.set_src(&url);
            self.preview.set_hidden(false);
        }
        by_id::<HtmlElement>("save-as-drag").set_hidden(false);
        self.save.set_disabled(false);
        *self.made.borrow_mut() = Some(Made { file, name, url });
        Ok(())
    }

    /// Shows why there is none.
    pub(super) fn show_failure(&self, failure: &Failure) {
        self.facts.set_text_content(Some(&sentences::failure(failure)));
    }

    /// The file as it shows, if it is made.
    pub(super) fn made(&self) -> Option<Made> {
        self.made.borrow().clone()
    }

    fn forget(&self) {
        by_id::<HtmlElement>("save-as-drag").set_hidden(true);
        self.preview.set_hidden(true);
        if let Some(made) = self.made.borrow_mut().take() {
            let _ = self.preview.remove_attribute("src");
            let _ = Url::revoke_object_url(&made.url);
        }
    }
}
