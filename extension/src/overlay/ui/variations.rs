//! The row of results of the last fill, to choose one of.

use super::app::App;
use super::canvas::ThumbnailOf;
use super::dom::{attribute, document, on};
use crate::browser::{i18n, refused};
use crate::overlay::settings::phrases;
use crate::protocol::engine::{EditNote, EngineChoice};
use crate::protocol::{Failure, Rect};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, Element, HtmlElement, ImageBitmap, KeyboardEvent, MouseEvent};

/// What was painted for a fill.
#[derive(Clone)]
pub(super) struct Hole {
    pub rect: Rect,
    /// Of the mask, one byte a pixel.
    pub coverage: Rc<[u8]>,
}

/// How a result came about.
#[derive(Clone)]
pub(super) struct Made {
    pub engine: EngineChoice,
    pub seed: u32,
    pub hole: Hole,
}

/// One result of a fill.
#[derive(Clone)]
pub(super) struct Variation {
    pub rect: Rect,
    /// As the engine gave it.
    pub patch: Blob,
    /// The same, decoded.
    pub picture: ImageBitmap,
    /// None where that is not known: the fill was made before the page went away.
    pub made: Option<Made>,
}

/// Listens to the row.
pub(super) fn bind(app: &Rc<App>) {
    let it = Rc::clone(app);
    on(&app.dom.variations, "click", move |event: &MouseEvent| {
        let pressed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let button = pressed.and_then(|pressed| pressed.closest("[data-variation]").ok().flatten());
        let number = button.and_then(|button| button.get_attribute("data-variation")?.parse().ok());
        if let Some(number) = number {
            it.choose_variation(number);
        }
    });
    let it = Rc::clone(app);
    on(&app.dom.variations, "keydown", move |event: &KeyboardEvent| {
        let forward = match event.key().as_str() {
            "ArrowRight" | "ArrowDown" => true,
            "ArrowLeft" | "ArrowUp" => false,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        it.neighbour_variation(forward);
    });
}

impl App {
    /// The number of the last fill that shows, and its hole.
    pub(super) fn last_hole(&self) -> Option<(usize, Hole)> {
        let fill = self.fills().checked_sub(1)?;
        let variations = self.variations.borrow();
        let (results, chosen) = variations.of(fill)?;
        Some((fill, results.get(chosen)?.made.as_ref()?.hole.clone()))
    }

    /// Shows result number `number` (from 0) of the last fill.
    pub(super) fn choose_variation(self: &Rc<Self>, number: usize) {
        let Some(fill) = self.fills().checked_sub(1).filter(|_| self.can_paint()) else { return };
        let Some(chosen) = self.variations.borrow_mut().choose(fill, number).cloned() else { return };
        self.touched();
        self.lay(fill, &chosen);
        self.history.borrow_mut().give_up_undone();
        self.mark_variation(number);
        self.announce("statusVariation", &[&(number + 1).to_string()]);
        self.settle();
        let app = Rc::clone(self);
        spawn_local(async move {
            let told = app.engine.show_instead(fill, chosen.rect, chosen.patch).await;
            if let Err(failure) = app.cross_fade().await.and(told) {
                app.fail(failure, |_| {});
            }
        });
    }

    fn neighbour_variation(self: &Rc<Self>, forward: bool) {
        let Some(fill) = self.fills().checked_sub(1) else { return };
        let Some((count, chosen)) = self.variations.borrow().of(fill).map(|(results, chosen)| (results.len(), chosen))
        else {
            return;
        };
        let next = (chosen + if forward { 1 } else { count - 1 }) % count;
        self.choose_variation(next);
        let selector = format!("[data-variation='{next}']");
        if let Some(button) = self.dom.variations.query_selector(&selector).ok().flatten() {
            let _ = button.unchecked_into::<HtmlElement>().focus();
        }
    }

    fn mark_variation(&self, chosen: usize) {
        let Ok(buttons) = self.dom.variations.query_selector_all("[data-variation]") else { return };
        for number in 0..buttons.length() {
            let Some(button) = buttons.get(number).and_then(|button| button.dyn_into::<HtmlElement>().ok()) else {
                continue;
            };
            let is_chosen = number as usize == chosen;
            attribute(&button, "aria-checked", if is_chosen { "true" } else { "false" });
            button.set_tab_index(if is_chosen { 0 } else { -1 });
        }
    }

    /// Shows the results of the last fill, where there is a choice.
    pub(super) fn show_variations(&self) {
        if self.list_variations().is_err() {
            self.dom.variations.set_hidden(true);
        }
        self.request_frame();
    }

    fn list_variations(&self) -> Result<(), Failure> {
        let row = &self.dom.variations;
        row.set_text_content(None);
        let variations = self.variations.borrow();
        let last = self.fills().checked_sub(1);
        let Some((fill, (results, chosen))) = last.and_then(|fill| Some((fill, variations.of(fill)?))) else {
            row.set_hidden(true);
            return Ok(());
        };
        row.set_hidden(results.len() < 2);
        if results.len() < 2 {
            return Ok(());
        }
        for (number, result) in results.iter().enumerate() {
            let button: HtmlElement = document().create_element("button").map_err(refused)?.unchecked_into();
            let label = i18n::text("variation", &[&(number + 1).to_string()]);
            for (name, value) in [
                ("type", "button"),
                ("role", "radio"),
                ("data-variation", &number.to_string()),
                ("data-key", &(number + 1).to_string()),
                ("data-tip", &self.described(&label, result)),
                ("aria-label", &label),
            ] {
                attribute(&button, name, value);
            }
            if let Some(shown) = &*self.shown.borrow() {
                let thumbnail = shown.thumbnail(&ThumbnailOf { fill, rect: result.rect, patch: &result.picture })?;
                button.append_child(&thumbnail).map_err(refused)?;
            }
            row.append_child(&button).map_err(refused)?;
        }
        self.mark_variation(chosen);
        Ok(())
    }

    fn described(&self, label: &str, result: &Variation) -> String {
        let Some(Made { engine, seed, .. }) = &result.made else { return label.to_owned() };
        i18n::text("variationMade", &[label, &self.method_name(engine), &seed.to_string()])
    }

    /// What a saved file tells about the fills that show.
    pub(super) fn edit_note(&self, agent: String) -> EditNote {
        let variations = self.variations.borrow();
        let mut trained = false;
        let actions = variations.chosen(self.fills()).map(|result| match &result.made {
            Some(Made { engine: EngineChoice::Instant, seed, .. }) => {
                format!("erased with the built-in fill, seed {seed}")
            }
            Some(Made { engine: EngineChoice::Model { model, options }, seed, .. }) => {
                trained = true;
                let models = self.models.borrow();
                let described = models.iter().find(|known| known.id == *model).map_or(&[][..], |model| &model.options);
                format!("erased with the model {model}, seed {seed}{}", phrases(options, described))
            }
            None => "erased".into(),
        });
        let actions = actions.collect();
        EditNote { agent, actions, trained }
    }
}
