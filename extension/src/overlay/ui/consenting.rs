//! Asks the user for consents, and knows those that were given.

use super::app::App;
use crate::browser::{i18n, lent, offers, permissions, storage};
use crate::overlay::consent::Consent;
use crate::overlay::disclosure::Terms;
use crate::overlay::host::Host;
use crate::overlay::ladder::Site;
use crate::overlay::phase::Question;
use crate::protocol::{Cutout, Failure};
use crate::ui::dom::by_id;
use web_sys::{HtmlElement, HtmlInputElement};

/// What the user wants done with a result.
pub(super) enum Destiny {
    /// Put this part of it into the page; all of it where there is none.
    PutIn(Option<Cutout>),
    /// Save it as a file.
    Save,
    /// Nothing for now.
    Stay,
}

/// A permission of the browser for one site, in use.
pub(super) struct Permission<'a> {
    site: &'a Site,
    lent: bool,
}

impl<'a> Permission<'a> {
    /// Asks the user whether the site may be used for this page, and the browser whether it grants that. None where one of them declines.
    pub(super) async fn ask(app: &App, site: &'a Site, question: Question, key: &str) -> Option<Self> {
        let granted = permissions::contains(&site.pattern).await == Ok(true);
        if granted && is_given(app, Consent::Read, &site.origin).await {
            return Some(Self { site, lent: false });
        }
        let (row, keep): (HtmlElement, HtmlInputElement) = (by_id("notice-keep"), by_id("keep"));
        keep.set_checked(false);
        row.set_hidden(false);
        let [allow, not_now] = ["askAllow", "askNotNow"].map(|key| i18n::text(key, &[]));
        let agreed = app.ask(question, &i18n::text(key, &[&site.host]), &allow, &not_now).await;
        row.set_hidden(true);
        if !agreed {
            return None;
        }
        // The browser asks only in answer to the click that has just been made, and never again once it was told "yes".
        if offers::request_otherwise(&site.pattern).await != Ok(true) {
            return None;
        }
        if keep.checked() {
            remember(app, Consent::Read, &site.origin).await;
        }
        // What was granted before is kept for another page.
        let lent = !granted && !keep.checked();
        if lent {
            lent::note(&site.pattern).await;
        }
        Some(Self { site, lent })
    }

    /// It is not needed any longer: the browser gets it back, unless the user keeps it.
    pub(super) async fn give_back(self) {
        if self.lent {
            lent::give_back(&self.site.pattern).await;
        }
    }
}

/// What becomes of the result when the user is done.
pub(super) async fn destiny(app: &App) -> Result<Destiny, Failure> {
    let terms = app.stage.scene.borrow().terms().clone();
    let (origin, part) = match terms {
        Terms::Free => return Ok(Destiny::PutIn(None)),
        Terms::Refused(failure) => return Err(failure),
        Terms::Agreement { origin, part } => (origin, part),
    };
    let is_whole = part.corners.is_empty() && app.stage.screen.size() == Some((part.rect.width, part.rect.height));
    let put_in = Destiny::PutIn((!is_whole).then_some(part));
    if is_given(app, Consent::PutIn, &origin).await {
        return Ok(put_in);
    }
    // For the editor, the browser tells the origin of the page that the picture came from.
    let told = app.page.borrow().as_ref().and_then(|page| page.audience.origin.clone());
    let guest = || app.stage.scene.borrow().picture().map(|picture| picture.page_origin.clone());
    let editor = app.stage.scene.borrow().host == Host::Editor;
    let page = told.or_else(|| guest().filter(|_| editor)).and_then(|page| Site::of(&page));
    let page = page.map_or_else(|| i18n::text("thisPage", &[]), |page| page.host);
    let site = Site::of(&origin).map_or_else(|| origin.clone(), |site| site.host);
    let key = if is_whole { "askPutIn" } else { "askPutInPart" };
    let [yes, no] = ["askPutInYes", "askPutInNo"].map(|key| i18n::text(key, &[]));
    Ok(match app.choose(Question::PutIn, &i18n::text(key, &[&page, &site]), &yes, &no).await {
        Some(true) => {
            remember(app, Consent::PutIn, &origin).await;
            put_in
        }
        Some(false) => Destiny::Save,
        None => Destiny::Stay,
    })
}

fn key(app: &App, consent: Consent, pictures: &str) -> Option<String> {
    app.page.borrow().as_ref()?.audience.key(consent, pictures)
}

/// Whether the user agreed before, since the browser was opened.
async fn is_given(app: &App, consent: Consent, pictures: &str) -> bool {
    match key(app, consent, pictures) {
        Some(key) => storage::session(&key).await == Ok(Some(true)),
        None => false,
    }
}

/// Remembers until the browser closes. Where that fails, the user is asked again.
async fn remember(app: &App, consent: Consent, pictures: &str) {
    if let Some(key) = key(app, consent, pictures) {
        let _ = storage::set_session(&key, &true).await;
    }
}
