//! Models: which are on this machine, which of them is used, and getting one without leaving the picture. Meanwhile the
//! built-in fill works.

use super::app::App;
use super::failing::{complain, fail};
use super::methods::{GET, MORE};
use super::painting::touched;
use crate::browser::{i18n, runtime};
use crate::model_client::{Heard, ModelClient};
use crate::overlay::phase::Question;
use crate::protocol::Failure;
use crate::protocol::engine::{EngineChoice, Prepare};
use crate::protocol::models::{Install, Listed, Model, ModelsEvent, Offer, Offered, Precision, Status, Work};
use crate::ui::dom::by_id;
use crate::ui::listen::on;
use crate::ui::sentences;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlElement};

/// Listens to the list of methods and to what is set about models.
pub(super) fn bind(app: &Rc<App>) {
    let it = Rc::clone(app);
    on(&app.methods.list, "change", move |_: &Event| picked(&it));
    let it = Rc::clone(app);
    on(&by_id::<HtmlElement>("model-lists"), "change", move |_: &Event| warm_up(&it));
}

/// The user picked something from the list of methods.
fn picked(app: &Rc<App>) {
    let value = app.methods.list.value();
    if let Some(offered) = value.strip_prefix(GET) {
        app.methods.show_chosen();
        if let Some(model) = app.methods.model(offered) {
            offer(app, model);
        }
        return;
    }
    if value == MORE {
        app.methods.show_chosen();
        if let Err(failure) = runtime::open_options_page() {
            complain(&failure);
        }
        return;
    }
    if let Err(failure) = app.methods.choose(&value, &app.settings) {
        complain(&failure);
    }
    if let Some(hint) = app.methods.hint_on_hiding() {
        // It holds for this picture: the next one begins with erasing.
        return app.dock.lines.hint(hint);
    }
    app.dock.lines.hint("hintPaint");
    warm_up(app);
    app.settings.values.borrow_mut().engine = Some(value);
    app.settings.keep();
}

/// Shows the models that are on this machine, now and whenever they change.
pub(super) async fn find(app: &Rc<App>) {
    app.settings.read().await;
    let weak = Rc::downgrade(app);
    app.methods.reached_by(ModelClient::new(move |heard| {
        let Some(app) = weak.upgrade() else { return };
        match heard {
            Heard::Event(ModelsEvent::Changed) => spawn_local(async move { list(&app).await }),
            // Nobody waits for a measurement here.
            Heard::Event(ModelsEvent::Progressed { work: Work::Measuring, .. }) => {}
            Heard::Event(ModelsEvent::Progressed { model, work, done, total, rate }) => {
                if let Some(Model { name, .. }) = app.methods.model(&model) {
                    let progress = sentences::progress(work, done, total, rate);
                    app.dock.lines.download(Some(&format!("{name}: {progress}")));
                }
            }
            Heard::Lost => app.dock.lines.download(None),
        }
    }));
    list(app).await;
}

async fn list(app: &Rc<App>) {
    let Some(client) = app.methods.client() else { return };
    // Without a store there are no models; the built-in fill needs none.
    let Ok(Listed { models, settings: preferred, .. }) = client.list().await else { return };
    let busy = models.iter().any(|model| model.status == Status::Busy);
    if let Err(failure) = app.methods.show(models, preferred.preferred, &app.settings) {
        return complain(&failure);
    }
    if !busy {
        app.dock.lines.download(None);
    }
    warm_up(app);
}

/// Brings the chosen model to the GPU while the user paints.
fn warm_up(app: &Rc<App>) {
    let EngineChoice::Model { model, options } = app.methods.choice(&app.settings) else { return };
    let app = Rc::clone(app);
    // What does not work now is said when it is needed.
    spawn_local(async move { app.engine.tell(Prepare { model, options }).await });
}

/// Says what having the model would take, and brings it here if the user agrees. What was paused has been agreed to.
fn offer(app: &Rc<App>, model: Model) {
    if !app.can_paint() {
        return;
    }
    touched(app);
    let app = Rc::clone(app);
    spawn_local(async move {
        let agreed = match model.status {
            Status::Paused => Ok(true),
            _ => agreed(&app, &model).await,
        };
        match agreed {
            Ok(true) => install(&app, model).await,
            Ok(false) => {}
            Err(failure) => not_installed(&app, failure, model),
        }
    });
}

async fn agreed(app: &App, model: &Model) -> Result<bool, Failure> {
    let client = app.methods.client().ok_or(Failure::StoreLost)?;
    app.dock.lines.hint("modelsAsking");
    let offer = client.call(Offer { model: model.id.clone() }, []).await;
    app.dock.lines.hint("hintPaint");
    let (Offered { bytes, host }, []) = offer?;
    if !app.can_paint() {
        // The user has gone on; the list is still there to choose from.
        return Ok(false);
    }
    touched(app);
    let text = i18n::text("askDownload", &[&model.name, &sentences::size(bytes as f64), &host]);
    let (yes, no) = (i18n::text("modelsDownload", &[]), i18n::text("askNotNow", &[]));
    Ok(app.ask(Question::Download, &text, &yes, &no).await)
}

async fn install(app: &Rc<App>, model: Model) {
    let Some(client) = app.methods.client() else { return };
    let precision = model.precision.unwrap_or(Precision::F16);
    let answer = client.call(Install { model: model.id.clone(), precision }, []).await;
    app.dock.lines.download(None);
    match answer {
        Ok(_) => {
            app.settings.values.borrow_mut().engine = Some(model.id);
            app.settings.keep();
            list(app).await;
            app.dock.lines.hint("hintModelReady");
            app.dock.lines.announce("hintModelReady", &[]);
        }
        // Somebody paused it or took it away, on the models page.
        Err(Failure::Cancelled) => {}
        Err(failure) => not_installed(app, failure, model),
    }
}

fn not_installed(app: &Rc<App>, failure: Failure, model: Model) {
    if app.can_paint() {
        return fail(app, failure, move |app| offer(&app, model));
    }
    // What runs is not disturbed by what can be asked for again.
    app.dock.lines.hint_sentence(&sentences::failure(&failure));
}
