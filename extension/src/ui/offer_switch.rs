//! The switch that has a site's pictures offered to be edited whenever one is chosen there. The popup and the editor have it.

use super::dom::by_id;
use super::listen::on;
use crate::browser::{i18n, offers, permissions};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlElement, HtmlInputElement, Url};

/// Shows the switch `#offer-on` with its label `#offer-label`, in `#offer`, for the site of an address; of a page without a site there is none. `tab_id`
/// is a tab with a page of it.
///
/// # Panics
/// When the page lacks an element.
pub(crate) async fn show_offer_switch(address: &str, tab_id: i32) {
    let Some(site) = Url::new(address).ok().filter(|url| url.protocol().starts_with("http")) else { return };
    let (pattern, switch) = (permissions::site(&site), by_id::<HtmlInputElement>("offer-on"));
    by_id::<HtmlElement>("offer-label").set_text_content(Some(&i18n::text("offerSwitch", &[&site.hostname()])));
    switch.set_checked(offers::is_on(&pattern).await);
    by_id::<HtmlElement>("offer").set_hidden(false);
    let it = switch.clone();
    on(&switch, "change", move |_: &Event| {
        let (pattern, switch) = (pattern.clone(), it.clone());
        spawn_local(async move {
            let switched = match switch.checked() {
                true => offers::switch_on(&pattern, tab_id).await,
                false => offers::switch_off(&pattern).await.map(|()| false),
            };
            if let Err(failure) = &switched {
                web_sys::console::warn_1(&failure.to_string().into());
            }
            switch.set_checked(offers::is_on(&pattern).await);
        });
    });
}
