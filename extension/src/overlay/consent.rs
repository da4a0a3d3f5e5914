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
    /// Whether the page is in an incognito window, which nothing remembers.
    pub incognito: bool,
}

impl Audience {
    /// Under which key of `storage.session` a consent for pictures of the origin `pictures` is kept; none where it is for once: in incognito
    /// windows, and where a page without an origin of its own, such as a sandboxed one or a file, is not known again.
    pub fn key(&self, consent: Consent, pictures: &str) -> Option<String> {
        let page = self.origin.as_deref().filter(|origin| origin.starts_with("http") && !self.incognito)?;
        Some(format!("consent:{consent:?}:{page} {pictures}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_is_for_one_page_and_one_site() {
        let page = |origin: &str| Audience { origin: Some(origin.into()), incognito: false };
        let (a, b, c) = ("https://a.example", "https://b.example", "https://b.example:8443");
        let mut keys = vec![];
        for audience in [page(a), page(b), page(c)] {
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
    fn an_incognito_window_is_not_remembered() {
        let audience = Audience { origin: Some("https://a.example".into()), incognito: true };
        assert_eq!(audience.key(Consent::PutIn, "https://b.example"), None);
    }

    #[test]
    fn a_page_without_an_origin_is_not_remembered() {
        for origin in [None, Some("null"), Some("file://"), Some("")] {
            let audience = Audience { origin: origin.map(Into::into), incognito: false };
            assert_eq!(audience.key(Consent::Read, "https://a.example"), None);
        }
    }
}
