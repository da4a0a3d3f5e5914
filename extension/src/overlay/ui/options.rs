//! The controls for what the user may set about a model, made from the model's own description: a list in the dock for an option
//! with named values, a slider in the sheet of settings for the others.

use super::settings::SettingsSheet;
use crate::browser::{i18n, refused};
use crate::protocol::Failure;
use crate::protocol::models::{Model, ModelOption};
use crate::ui::dom::{attribute, by_id, document, inside};
use crate::ui::listen::on;
use crate::ui::sentences;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{
    Element, Event, HtmlElement, HtmlInputElement, HtmlOptionElement, HtmlSelectElement, HtmlTemplateElement,
};

/// Shows the lists of the model with this id and hides all others, and offers the sliders of all models.
pub(super) fn show(settings: &Rc<SettingsSheet>, models: &[Model], chosen: &str) -> Result<(), Failure> {
    let of_chosen = models.iter().find(|model| model.id == chosen).map_or(&[][..], |model| &model.options);
    let lists: Vec<&ModelOption> = of_chosen.iter().filter(|option| !option.presets.is_empty()).collect();
    let mut sliders: Vec<&ModelOption> = vec![];
    for option in models.iter().flat_map(|model| &model.options).filter(|option| option.presets.is_empty()) {
        if !sliders.iter().any(|known| known.id == option.id) {
            sliders.push(option);
        }
    }
    fill(settings, "model-lists", &lists, list)?;
    fill(settings, "model-sliders", &sliders, slider)?;
    show_values(settings, models);
    Ok(())
}

/// Fills a container with a control for each option, unless they are there: a control that is replaced loses the focus.
fn fill(
    settings: &Rc<SettingsSheet>,
    container: &str,
    options: &[&ModelOption],
    make: impl Fn(&Rc<SettingsSheet>, &ModelOption) -> Result<Element, Failure>,
) -> Result<(), Failure> {
    let container: HtmlElement = by_id(container);
    let shown = options.iter().map(|option| option.id.as_str()).collect::<Vec<_>>().join(" ");
    if container.get_attribute("data-options").as_deref() == Some(&shown) {
        return Ok(());
    }
    container.set_text_content(None);
    for option in options {
        container.append_child(AsRef::<Element>::as_ref(&make(settings, option)?)).map_err(refused)?;
    }
    attribute(&container, "data-options", &shown);
    Ok(())
}

/// A list of the values that the model names.
fn list(settings: &Rc<SettingsSheet>, option: &ModelOption) -> Result<Element, Failure> {
    let field = copy_of("model-list")?;
    attribute(&field, "id", &format!("{}-field", element_id(option)));
    inside::<HtmlElement>(&field, ".tip").set_text_content(Some(&i18n::text(&option.label, &[])));
    let list: HtmlSelectElement = inside(&field, "select");
    list.set_id(&element_id(option));
    for preset in &option.presets {
        let (text, value) = (i18n::text(&preset.label, &[]), preset.value.to_string());
        let choice = HtmlOptionElement::new_with_text_and_value(&text, &value).map_err(refused)?;
        list.append_child(&choice).map_err(refused)?;
    }
    attribute(&list, "data-option", &option.id);
    let (settings, id) = (Rc::clone(settings), option.id.clone());
    on(&list.clone(), "change", move |_: &Event| {
        if let Ok(value) = list.value().parse() {
            settings.values.borrow_mut().options.insert(id.clone(), value);
            settings.keep();
        }
    });
    Ok(field)
}

/// A slider over the option's range.
fn slider(settings: &Rc<SettingsSheet>, option: &ModelOption) -> Result<Element, Failure> {
    let field = copy_of("model-slider")?;
    let (label, help): (HtmlElement, HtmlElement) = (inside(&field, "label"), inside(&field, "p"));
    let slider: HtmlInputElement = inside(&field, "input");
    label.set_text_content(Some(&i18n::text(&option.label, &[])));
    let id = element_id(option);
    attribute(&label, "for", &id);
    help.set_hidden(option.help.is_empty());
    if !option.help.is_empty() {
        help.set_text_content(Some(&i18n::text(&option.help, &[])));
        help.set_id(&format!("{id}-help"));
        attribute(&slider, "aria-describedby", &format!("{id}-help"));
    }
    slider.set_id(&id);
    slider.set_min(&option.min.to_string());
    slider.set_max(&option.max.to_string());
    slider.set_step(&option.step.to_string());
    attribute(&slider, "data-option", &option.id);
    let shown: HtmlElement = inside(&field, "output");
    attribute(&shown, "for", &id);
    let (it, name, moved) = (Rc::clone(settings), option.id.clone(), slider.clone());
    on(&slider, "input", move |_: &Event| {
        let value = moved.value_as_number();
        it.values.borrow_mut().options.insert(name.clone(), value);
        shown.set_text_content(Some(&sentences::decimal(value)));
    });
    let it = Rc::clone(settings);
    on(&slider, "change", move |_: &Event| it.keep());
    Ok(field)
}

/// Shows what is set.
fn show_values(settings: &SettingsSheet, models: &[Model]) {
    let values = settings.values.borrow();
    for option in models.iter().flat_map(|model| &model.options) {
        let value = values.value(option);
        let Some(control) = by_option(&option.id) else { continue };
        if let Some(list) = control.dyn_ref::<HtmlSelectElement>() {
            list.set_value(&value.to_string());
        } else if let Some(slider) = control.dyn_ref::<HtmlInputElement>() {
            slider.set_value(&value.to_string());
            if let Ok(Some(shown)) = document().query_selector(&format!("output[for={}]", element_id(option))) {
                shown.set_text_content(Some(&sentences::decimal(value)));
            }
        }
    }
}

/// A copy of what is inside a template.
fn copy_of(template: &str) -> Result<Element, Failure> {
    let empty = || Failure::Internal { detail: format!("the template {template} is empty") };
    let inside = by_id::<HtmlTemplateElement>(template).content().first_element_child().ok_or_else(empty)?;
    Ok(inside.clone_node_with_deep(true).map_err(refused)?.unchecked_into())
}

/// Id of an option's control.
fn element_id(option: &ModelOption) -> String {
    format!("option-{}", option.id)
}

/// The control of an option, if it is shown.
fn by_option(id: &str) -> Option<Element> {
    document().query_selector(&format!("[data-option={id}]")).ok().flatten()
}
