//! When a button with consequences may act: only once the user has been able to see the overlay for a while. A page that covers
//! the overlay, or shows it for an instant under a click that was meant for something else, then gets no click out of the user.
//!
//! Two witnesses say whether the overlay is visible: the browser, in the overlay's own frame (`IntersectionObserver` with
//! `trackVisibility`), and the shim, in the page around it. Where the browser cannot tell, the shim's word counts alone.

/// How long the overlay has to be visible, milliseconds.
pub const LOOK: f64 = 500.0;

/// See the module. Times are milliseconds of one clock.
#[derive(Clone, Copy, Debug)]
pub struct ActivationGuard {
    /// What the browser says; none where it cannot tell.
    frame: Option<bool>,
    /// What the shim says.
    page: bool,
    /// Since when both say that it is visible.
    since: Option<f64>,
}

impl Default for ActivationGuard {
    fn default() -> Self {
        Self { frame: Some(false), page: false, since: None }
    }
}

impl ActivationGuard {
    /// The browser says whether nothing covers the frame; none where it cannot tell.
    pub fn browser_says(&mut self, visible: Option<bool>, now: f64) {
        self.frame = visible;
        self.settle(now);
    }

    /// The shim says whether the overlay is on top of the page.
    pub fn page_says(&mut self, on_top: bool, now: f64) {
        self.page = on_top;
        self.settle(now);
    }

    fn settle(&mut self, now: f64) {
        self.since = self.is_visible().then(|| self.since.unwrap_or(now));
    }

    /// True while both witnesses say that the overlay is visible.
    pub fn is_visible(&self) -> bool {
        self.page && self.frame != Some(false)
    }

    /// How long buttons still have to wait, if the overlay stays visible; none where it is not. 0 where they may act.
    pub fn wait(&self, now: f64) -> Option<f64> {
        self.since.map(|since| (since + LOOK - now).max(0.0))
    }

    /// Whether buttons may act.
    pub fn is_open(&self, now: f64) -> bool {
        self.wait(now) == Some(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buttons_wait_until_both_witnesses_have_seen_it_for_a_while() {
        let mut guard = ActivationGuard::default();
        assert_eq!((guard.wait(0.0), guard.is_open(1e9)), (None, false), "nobody has said anything");
        guard.page_says(true, 100.0);
        assert!(!guard.is_open(1e9), "one is not enough");
        guard.browser_says(Some(true), 200.0);
        assert_eq!(guard.wait(300.0), Some(400.0));
        guard.page_says(true, 400.0);
        assert!(!guard.is_open(699.0) && guard.is_open(700.0), "what was said again changes nothing");
        guard.browser_says(Some(false), 800.0);
        assert!(!guard.is_open(1e9), "covered");
        guard.browser_says(Some(true), 801.0);
        assert!(!guard.is_open(1300.0) && guard.is_open(1301.0), "from the beginning");
    }

    #[test]
    fn where_the_browser_cannot_tell_the_shim_is_believed() {
        let mut guard = ActivationGuard::default();
        guard.browser_says(None, 0.0);
        assert!(!guard.is_open(1e9));
        guard.page_says(true, 10.0);
        assert!(!guard.is_open(500.0) && guard.is_open(510.0));
        guard.page_says(false, 600.0);
        assert!(!guard.is_open(1e9));
    }

    proptest! {
        #[test]
        fn nothing_opens_it_but_half_a_second_in_sight(
            said in prop::collection::vec((0.0..400.0f64, any::<bool>(), any::<Option<bool>>(), any::<bool>()), 0..40)
        ) {
            let mut guard = ActivationGuard::default();
            let (mut now, mut covered) = (0.0, 0.0);
            for (pause, by_page, frame, page) in said {
                now += pause;
                if guard.is_open(now) {
                    prop_assert!(now - covered >= LOOK);
                }
                if by_page { guard.page_says(page, now) } else { guard.browser_says(frame, now) }
                if !guard.is_visible() {
                    covered = now;
                }
            }
        }
    }
}
