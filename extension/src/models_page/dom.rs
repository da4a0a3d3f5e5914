//! The elements of `models.html`.

use crate::ui::dom::by_id;
use web_sys::{
    HtmlButtonElement, HtmlDialogElement, HtmlElement, HtmlInputElement, HtmlSelectElement, HtmlTemplateElement,
};

/// The elements that are used by name.
pub(super) struct Dom {
    pub title: HtmlElement,
    pub alert: HtmlElement,
    pub alert_text: HtmlElement,
    pub alert_retry: HtmlButtonElement,
    pub alert_close: HtmlButtonElement,
    pub status: HtmlElement,
    pub loading: HtmlElement,
    pub models: HtmlElement,
    pub template: HtmlTemplateElement,
    pub own: HtmlElement,
    pub own_precision: HtmlSelectElement,
    pub own_note: HtmlElement,
    pub import: HtmlInputElement,
    pub add_form: HtmlElement,
    pub add_url: HtmlInputElement,
    pub storage: HtmlElement,
    pub keep: HtmlElement,
    pub keep_button: HtmlButtonElement,
    pub keep_hint: HtmlElement,
    pub gpu: HtmlElement,
    pub gpu_details: HtmlElement,
    pub measure_model: HtmlSelectElement,
    pub measure_line: HtmlElement,
    pub measure: HtmlButtonElement,
    pub measured: HtmlElement,
    pub copy: HtmlButtonElement,
    pub warm: HtmlSelectElement,
    pub mirror_form: HtmlElement,
    pub mirror: HtmlInputElement,
    pub mirror_note: HtmlElement,
    pub consent: HtmlDialogElement,
    pub consent_title: HtmlElement,
    pub consent_text: HtmlElement,
    pub consent_yes: HtmlButtonElement,
    pub consent_no: HtmlButtonElement,
}

impl Dom {
    /// Finds them all; a missing one is a broken build.
    pub(super) fn find() -> Self {
        Self {
            title: by_id("title"),
            alert: by_id("alert"),
            alert_text: by_id("alert-text"),
            alert_retry: by_id("alert-retry"),
            alert_close: by_id("alert-close"),
            status: by_id("status"),
            loading: by_id("loading"),
            models: by_id("models"),
            template: by_id("model-template"),
            own: by_id("own"),
            own_precision: by_id("own-precision"),
            own_note: by_id("own-note"),
            import: by_id("import"),
            add_form: by_id("add-form"),
            add_url: by_id("add-url"),
            storage: by_id("storage"),
            keep: by_id("keep"),
            keep_button: by_id("keep-button"),
            keep_hint: by_id("keep-hint"),
            gpu: by_id("gpu"),
            gpu_details: by_id("gpu-details"),
            measure_model: by_id("measure-model"),
            measure_line: by_id("measure-line"),
            measure: by_id("measure"),
            measured: by_id("measured"),
            copy: by_id("copy"),
            warm: by_id("warm"),
            mirror_form: by_id("mirror-form"),
            mirror: by_id("mirror"),
            mirror_note: by_id("mirror-note"),
            consent: by_id("consent"),
            consent_title: by_id("consent-title"),
            consent_text: by_id("consent-text"),
            consent_yes: by_id("consent-yes"),
            consent_no: by_id("consent-no"),
        }
    }
}
