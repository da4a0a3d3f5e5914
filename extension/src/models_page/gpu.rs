//! What the GPU is, how fast a model runs on it, and a text about both for whoever helps.

use super::diagnostics::{Diagnostics, Measured};
use super::page::Page;
use crate::browser::{i18n, refused, runtime};
use crate::model_client::unexpected;
use crate::protocol::Failure;
use crate::protocol::models::{Gpu, ModelId, ModelsReply, ToModels};
use crate::ui::dom::{document, window};
use crate::ui::listen::on;
use crate::ui::sentences;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlElement, HtmlOptionElement, MouseEvent};

/// What has been found out.
#[derive(Default)]
pub(super) struct Report {
    gpu: RefCell<Option<Gpu>>,
    measured: RefCell<Option<Measured>>,
    measuring: Cell<bool>,
}

impl Page {
    /// Offers to measure the models that are installed, the `preferred` one first.
    pub(super) fn show_measurable(&self, preferred: Option<ModelId>) {
        if self.gpu.measuring.get() {
            return;
        }
        let select = &self.dom.measure_model;
        let mut usable = self.list.usable();
        usable.sort_by_key(|model| Some(&model.id) != preferred.as_ref());
        let chosen = select.value();
        select.set_text_content(None);
        for model in &usable {
            if let Ok(option) = HtmlOptionElement::new_with_text_and_value(&model.name, &model.id) {
                let _ = select.append_child(&option);
            }
        }
        if usable.iter().any(|model| model.id == chosen) {
            select.set_value(&chosen);
        }
        self.dom.measure_line.set_hidden(usable.is_empty());
    }

    async fn look_at_gpu(self: Rc<Self>) {
        match self.store.call(&ToModels::Gpu, &[]).await {
            Ok((ModelsReply::Gpu(gpu), _)) => {
                self.show_gpu(&gpu);
                *self.gpu.gpu.borrow_mut() = Some(gpu);
            }
            Ok((other, _)) => self.dom.gpu.set_text_content(Some(&sentences::model_failure(&unexpected(&other)))),
            // No alarm: everything but the models works without a GPU.
            Err(failure) => self.dom.gpu.set_text_content(Some(&sentences::model_failure(&failure))),
        }
    }

    fn show_gpu(&self, gpu: &Gpu) {
        let mut parts = vec![if gpu.name.is_empty() { i18n::text("modelsGpuUnnamed", &[]) } else { gpu.name.clone() }];
        if gpu.software {
            parts.push(i18n::text("modelsGpuSoftware", &[]));
        }
        parts.push(i18n::text(if gpu.f16 { "modelsGpuF16" } else { "modelsGpuF32" }, &[]));
        self.dom.gpu.set_text_content(Some(&parts.join(" · ")));
        self.dom.gpu_details.set_text_content(None);
        for (name, value) in &gpu.limits {
            if let Err(failure) = self.add_limit(name, *value) {
                return self.fail(&failure, |_| {});
            }
        }
    }

    fn add_limit(&self, name: &str, value: f64) -> Result<(), Failure> {
        let document = document();
        let line: HtmlElement = document.create_element("div").map_err(refused)?.unchecked_into();
        for (tag, text) in [("dt", name.to_owned()), ("dd", value.to_string())] {
            let part = document.create_element(tag).map_err(refused)?;
            part.set_text_content(Some(&text));
            line.append_child(&part).map_err(refused)?;
        }
        self.dom.gpu_details.append_child(&line).map_err(refused)?;
        Ok(())
    }

    fn measure(self: &Rc<Self>) {
        drop(self.dismiss());
        let model = self.dom.measure_model.value();
        if self.gpu.measuring.get() {
            // The same button stops it.
            let page = Rc::clone(self);
            spawn_local(async move { _ = page.store.call(&ToModels::Pause { model }, &[]).await });
            return;
        }
        self.show_measuring(true);
        self.dom.measured.set_text_content(Some(&i18n::text("modelsMeasuring", &[])));
        let page = Rc::clone(self);
        spawn_local(async move {
            let answer = page.store.call(&ToModels::Measure { model: model.clone() }, &[]).await;
            page.show_measuring(false);
            match answer {
                Ok((ModelsReply::Measured { load, encode, step, whole, memory }, _)) => {
                    let whole = sentences::time(whole);
                    let text = i18n::text("modelsMeasured", &[&sentences::time(load), &whole, &sentences::time(step)]);
                    page.dom.measured.set_text_content(Some(&text));
                    page.say(&text);
                    *page.gpu.measured.borrow_mut() = Some(Measured { model, load, encode, step, memory });
                }
                Ok((other, _)) => page.fail(&unexpected(&other), |_| {}),
                Err(failure) => {
                    page.dom.measured.set_text_content(None);
                    page.fail(&failure, Self::measure);
                }
            }
            page.refresh();
        });
    }

    fn show_measuring(&self, measuring: bool) {
        self.gpu.measuring.set(measuring);
        let label = if measuring { "modelsStop" } else { "modelsMeasure" };
        self.dom.measure.set_text_content(Some(&i18n::text(label, &[])));
        self.dom.measure_model.set_disabled(measuring);
    }

    async fn copy_diagnostics(self: Rc<Self>) {
        let text = Diagnostics {
            version: &runtime::version(),
            browser: &window().navigator().user_agent().unwrap_or_default(),
            gpu: self.gpu.gpu.borrow().as_ref(),
            measured: self.gpu.measured.borrow().as_ref(),
            models: &self.list.here(),
        }
        .to_string();
        let copied = JsFuture::from(window().navigator().clipboard().write_text(&text)).await;
        match copied {
            Ok(_) => {
                let sentence = i18n::text("modelsCopied", &[]);
                self.dom.measured.set_text_content(Some(&sentence));
                self.say(&sentence);
            }
            Err(error) => {
                let failure = Failure::Clipboard { detail: crate::browser::words(&error) };
                self.fail(&failure, |page| spawn_local(Rc::clone(page).copy_diagnostics()));
            }
        }
    }
}

/// Asks what the GPU is, and listens to the buttons.
pub(super) fn bind(page: &Rc<Page>) {
    spawn_local(Rc::clone(page).look_at_gpu());
    let it = Rc::clone(page);
    on(&page.dom.measure, "click", move |_: &MouseEvent| it.measure());
    let it = Rc::clone(page);
    on(&page.dom.copy, "click", move |_: &MouseEvent| spawn_local(Rc::clone(&it).copy_diagnostics()));
}
