//! What the user agreed to, for one page and the pictures of one other site, until the browser closes.
//!
//! The browser's permissions know no page: what was granted once, any page could have read. Consents do, and stand before each use of a
//! permission.

/// What was agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// The extension reads the picture, and keeps the browser's permission for that.
    Read,
    /// The page gets to read the picture.
    PutIn,
}

/// The page that a consent is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Origin of the page, as the browser tells it; none where it does not.
    pub origin: Option<String>,
    /// Whether the page is in an incognito window, whose consents end with it.
    pub incognito: bool,
}

impl Audience {
    /// Under which key of `storage.session` a consent for pictures of the origin `pictures` is kept; none where it is for once: a page
    /// without an origin of its own, such as a sandboxed one or a file, is not known again.
    pub fn key(&self, consent: Consent, pictures: &str) -> Option<String> {
        let page = self.origin.as_deref().filter(|origin| origin.starts_with("http"))?;
        let window = if self.incognito { "incognito" } else { "normal" };
        Some(format!("consent:{consent:?}:{window}:{page} {pictures}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_is_for_one_page_one_site_and_one_kind_of_window() {
        let page = |origin: &str, incognito| Audience { origin: Some(origin.into()), incognito };
        let (a, b, c) = ("https://a.example", "https://b.example", "https://b.example:8443");
        let mut keys = vec![];
        for audience in [page(a, false), page(b, false), page(c, false), page(a, true)] {
            for consent in [Consent::Read, Consent::PutIn] {
                keys.extend([a, b, c].map(|pictures| audience.key(consent, pictures).expect("an origin")));
            }
        }
        let all = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }

    #[test]
    fn a_page_without_an_origin_is_not_remembered() {
        for origin in [None, Some("null"), Some("file://"), Some("")] {
            let audience = Audience { origin: origin.map(Into::into), incognito: false };
            assert_eq!(audience.key(Consent::Read, "https://a.example"), None);
        }
    }
}
