//! The card about the GPU: what it is, how fast a model runs on it, and the text for bug reports.

use super::context::Context;
use super::diagnostics::{Diagnostics, Measured};
use super::list::List;
use crate::browser::{i18n, refused, runtime, words};
use crate::protocol::Failure;
use crate::protocol::models::{self as protocol, DescribeGpu, Estimate, Gpu, Measure, ModelId, Pause};
use crate::ui::dom::{add_option, by_id, document, window};
use crate::ui::listen::on;
use crate::ui::sentences;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlElement, HtmlSelectElement, MouseEvent};

/// What is known about the GPU.
#[derive(Default)]
struct Report {
    gpu: RefCell<Option<Gpu>>,
    measured: RefCell<Option<Measured>>,
}

/// See the module.
pub(super) struct GpuCard {
    context: Rc<Context>,
    list: Rc<List>,
    description: HtmlElement,
    limits: HtmlElement,
    /// The controls that show only if there is a model to measure.
    measuring_line: HtmlElement,
    model: HtmlSelectElement,
    button: HtmlElement,
    result: HtmlElement,
    measuring: Cell<bool>,
    report: Report,
}

impl GpuCard {
    /// Asks what the GPU is, and listens to the buttons.
    pub(super) fn start(context: &Rc<Context>, list: &Rc<List>) -> Rc<Self> {
        let card = Rc::new(Self {
            context: Rc::clone(context),
            list: Rc::clone(list),
            description: by_id("gpu"),
            limits: by_id("gpu-details"),
            measuring_line: by_id("measure-line"),
            model: by_id("measure-model"),
            button: by_id("measure"),
            result: by_id("measured"),
            measuring: Cell::new(false),
            report: Report::default(),
        });
        spawn_local(Rc::clone(&card).look());
        let it = Rc::clone(&card);
        on(&card.button, "click", move |_: &MouseEvent| it.measure());
        let it = Rc::clone(&card);
        on(&by_id::<HtmlElement>("copy"), "click", move |_: &MouseEvent| spawn_local(Rc::clone(&it).copy()));
        card
    }

    /// Offers to measure the models that are installed, the `preferred` one first.
    pub(super) fn show_measurable(&self, preferred: Option<ModelId>) {
        if self.measuring.get() {
            return;
        }
        let mut usable = self.list.usable();
        usable.sort_by_key(|model| Some(&model.id) != preferred.as_ref());
        let chosen = self.model.value();
        self.model.set_text_content(None);
        for model in &usable {
            // If the browser refuses, the models cannot be measured. The rest of the page works.
            let _ = add_option(&self.model, &model.id, &model.name);
        }
        if usable.iter().any(|model| model.id == chosen) {
            self.model.set_value(&chosen);
        }
        self.measuring_line.set_hidden(usable.is_empty());
    }

    async fn look(self: Rc<Self>) {
        let answer = self.context.client.call(DescribeGpu, []).await.map(|(gpu, [])| gpu);
        match answer {
            Ok(gpu) => {
                self.show_gpu(&gpu);
                *self.report.gpu.borrow_mut() = Some(gpu);
                // Without it, the models say nothing of their speed before they are there. The store tells when it is known.
                let _ = self.context.client.call(Estimate, []).await;
            }
            // This is no failure: everything but the models works without a GPU.
            Err(failure) => self.description.set_text_content(Some(&sentences::failure(&failure))),
        }
    }

    fn show_gpu(&self, gpu: &Gpu) {
        let mut parts = vec![if gpu.name.is_empty() { i18n::text("modelsGpuUnnamed", &[]) } else { gpu.name.clone() }];
        if gpu.software {
            parts.push(i18n::text("modelsGpuSoftware", &[]));
        }
        parts.push(i18n::text(if gpu.f16 { "modelsGpuF16" } else { "modelsGpuF32" }, &[]));
        self.description.set_text_content(Some(&parts.join(" · ")));
        self.limits.set_text_content(None);
        for (name, value) in &gpu.limits {
            if let Err(failure) = self.add_limit(name, *value) {
                return self.context.fail(&failure, || {});
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
        self.limits.append_child(&line).map_err(refused)?;
        Ok(())
    }

    fn measure(self: &Rc<Self>) {
        self.context.alert.dismiss();
        let model = self.model.value();
        let it = Rc::clone(self);
        if self.measuring.get() {
            // The button that starts a measurement stops it, too.
            spawn_local(async move { _ = it.context.client.call(Pause { model }, []).await });
            return;
        }
        self.show_measuring(true);
        self.result.set_text_content(Some(&i18n::text("modelsMeasuring", &[])));
        spawn_local(async move {
            let answer = it.context.client.call(Measure { model: model.clone() }, []).await;
            it.show_measuring(false);
            match answer {
                Ok((protocol::Measured { load, encode, step, whole, memory }, [])) => {
                    it.show_measured(Measured { model, load, encode, step, memory }, whole);
                }
                Err(failure) => {
                    it.result.set_text_content(None);
                    let again = Rc::clone(&it);
                    it.context.fail(&failure, move || again.measure());
                }
            }
            it.context.refresh();
        });
    }

    /// Shows the times of a run. A whole run with the usual number of steps takes `whole` milliseconds.
    fn show_measured(&self, measured: Measured, whole: f64) {
        let [load, whole, step] = [measured.load, whole, measured.step].map(sentences::time);
        let text = i18n::text("modelsMeasured", &[&load, &whole, &step]);
        self.tell(&text);
        *self.report.measured.borrow_mut() = Some(measured);
    }

    fn show_measuring(&self, measuring: bool) {
        self.measuring.set(measuring);
        let label = if measuring { "modelsStop" } else { "modelsMeasure" };
        self.button.set_text_content(Some(&i18n::text(label, &[])));
        self.model.set_disabled(measuring);
    }

    /// Copies the text for bug reports to the clipboard.
    async fn copy(self: Rc<Self>) {
        let text = Diagnostics {
            version: &runtime::version(),
            browser: &window().navigator().user_agent().unwrap_or_default(),
            gpu: self.report.gpu.borrow().as_ref(),
            measured: self.report.measured.borrow().as_ref(),
            models: &self.list.here(),
        }
        .to_string();
        match JsFuture::from(window().navigator().clipboard().write_text(&text)).await {
            Ok(_) => self.tell(&i18n::text("modelsCopied", &[])),
            Err(error) => {
                let again = Rc::clone(&self);
                let failure = Failure::Clipboard { detail: words(&error) };
                self.context.fail(&failure, move || spawn_local(again.copy()));
            }
        }
    }

    fn tell(&self, text: &str) {
        self.result.set_text_content(Some(text));
        self.context.announcer.say(text);
    }
}
