//! How wide a drawing (SVG) becomes, beside the pictures while one shows: a number, and multiples of its own width. It is chosen before anything is
//! painted; afterwards, the user is asked first.

use super::drawing::Drawing;
use super::picture::Picture;
use super::workspace::Workspace;
use crate::browser::i18n;
use crate::ui::dom::{attribute, by_id, each, has_focus};
use crate::ui::listen::on;
use crate::ui::question_dialog::{Question, QuestionDialog};
use std::rc::{Rc, Weak};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlElement, HtmlInputElement, MouseEvent};

/// The multiples of its own width that have buttons.
const TIMES: [u32; 3] = [1, 2, 4];

/// See the module.
struct Sizing {
    editor: Weak<Workspace>,
    dialog: Rc<QuestionDialog>,
    row: HtmlElement,
    field: HtmlInputElement,
    buttons: Vec<(u32, HtmlElement)>,
}

/// Listens to the field and to the buttons.
pub(super) fn start(editor: &Rc<Workspace>, dialog: &Rc<QuestionDialog>) {
    let (row, field): (HtmlElement, HtmlInputElement) = (by_id("drawing"), by_id("drawing-width"));
    let mut buttons: Vec<(u32, HtmlElement)> = vec![];
    each(&row, "button", |button| {
        let times = TIMES[buttons.len()];
        let label = match times {
            1 => i18n::text("drawingOwn", &[]),
            times => i18n::text("drawingTimes", &[&times.to_string()]),
        };
        attribute(button, "title", &label);
        // With what stands on the button, so that it can be called by that.
        attribute(button, "aria-label", &format!("{times}× – {label}"));
        buttons.push((times, button.unchecked_ref::<HtmlElement>().clone()));
    });
    let sizing = Rc::new(Sizing { editor: Rc::downgrade(editor), dialog: Rc::clone(dialog), row, field, buttons });
    for (times, button) in &sizing.buttons {
        let (it, times) = (Rc::clone(&sizing), *times);
        on(button, "click", move |_: &MouseEvent| it.choose(move |drawing| drawing.times(times)));
    }
    let it = Rc::clone(&sizing);
    on(&sizing.field, "change", move |_: &Event| {
        let number = it.field.value_as_number();
        it.choose(move |drawing| number.is_finite().then(|| drawing.fitting(number)));
    });
    editor.when_shown(move || sizing.show());
}

impl Sizing {
    /// Shows the size of the picture that shows, if it is a drawing.
    fn show(self: &Rc<Self>) {
        let shown = self.shown();
        self.row.set_hidden(!shown.as_ref().is_some_and(|picture| picture.is_drawing()));
        let Some(picture) = shown.filter(|picture| picture.is_drawing()) else { return };
        let it = Rc::clone(self);
        spawn_local(async move {
            let drawing = picture.drawing().await;
            // Another one may show by now.
            if it.shown().is_some_and(|shown| shown.id == picture.id) {
                it.show_size(&picture, drawing);
            }
        });
    }

    fn shown(&self) -> Option<Rc<Picture>> {
        self.editor.upgrade()?.shown()
    }

    fn show_size(&self, picture: &Picture, drawing: Option<Drawing>) {
        // What cannot be drawn has no size.
        let Some(drawing) = drawing else { return self.row.set_hidden(true) };
        let width = picture.width().unwrap_or_else(|| drawing.usual());
        if !has_focus(&self.field) || self.field.value_as_number().is_nan() {
            self.field.set_value(&width.to_string());
        }
        attribute(&self.field, "max", &drawing.most().to_string());
        let height = drawing.height(width).to_string();
        by_id::<HtmlElement>("drawing-height").set_text_content(Some(&i18n::text("drawingHeight", &[&height])));
        for (times, button) in &self.buttons {
            let its = drawing.times(*times);
            button.set_hidden(its.is_none());
            attribute(button, "aria-pressed", if its == Some(width) { "true" } else { "false" });
        }
    }

    /// The user has chosen a width.
    fn choose(self: &Rc<Self>, width: impl Fn(&Drawing) -> Option<u32> + 'static) {
        let it = Rc::clone(self);
        spawn_local(async move {
            let (Some(editor), Some(picture)) = (it.editor.upgrade(), it.shown()) else { return };
            let Some(drawing) = picture.drawing().await else { return };
            let now = picture.width().unwrap_or_else(|| drawing.usual());
            let wanted = width(&drawing).filter(|wanted| *wanted != now);
            if let Some(wanted) = wanted
                && (!picture.is_begun() || it.asked().await)
                && !picture.is_closed()
            {
                it.field.set_value(&wanted.to_string());
                return editor.draw_anew(&picture, wanted);
            }
            // What is no width, or was not agreed to.
            it.field.set_value(&now.to_string());
        });
    }

    async fn asked(&self) -> bool {
        let [title, text, no] = ["drawingAnew", "drawingAskAnew", "cancel"].map(|key| i18n::text(key, &[]));
        self.dialog.ask(Question { title: &title, text: &text, yes: &title, no: &no }).await
    }
}
