//! Why the editor is opened, as the fragment of its address: a page that is just opened has no other way to be told.

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// To open a picture, which the user chooses.
    Open,
    /// The browser lets no extension into the page on which the user wanted to erase.
    Forbidden,
    /// That page did not answer.
    Unanswered,
    /// To paste.
    Paste,
    /// To edit what a tab shows.
    Capture {
        /// The browser's number of that tab.
        tab_id: i32,
    },
    /// To try it, with a picture of ours.
    Try,
    /// To go on with an edit that began in a page.
    Page {
        /// The session of its overlay.
        token: String,
    },
    /// To edit all of the page in a tab.
    CaptureWhole {
        /// The browser's number of that tab.
        tab_id: i32,
    },
    /// There is no upload field where the user clicked.
    NoField,
    /// To edit what an upload field of a page holds, or will hold.
    Upload {
        /// Names the field; see [`super::upload::FindField`].
        token: String,
    },
    /// To edit what an upload field in a frame holds, whose site the user has to grant first.
    Frame {
        /// The session of the frame.
        token: String,
    },
}

/// The editor's page.
const PAGE: &str = "editor.html";
/// The query of the editor's address when it is opened from an incognito window. It stays when the page is loaded anew.
pub const PRIVATE: &str = "?private";

impl Errand {
    /// The address of the editor with this errand, in the extension. From a `private` window, nothing of it may be kept.
    pub fn address(&self, private: bool) -> String {
        let query = if private { PRIVATE } else { "" };
        format!("{PAGE}{query}#{}", self.fragment())
    }

    /// From the fragment of an address, with or without its `#`. Any other text is a wish to open a picture.
    pub fn of(fragment: &str) -> Self {
        let words = fragment.trim_start_matches('#');
        let (name, value) = words.split_once('-').unwrap_or((words, ""));
        match (name, value.parse()) {
            ("forbidden", _) => Self::Forbidden,
            ("unanswered", _) => Self::Unanswered,
            ("paste", _) => Self::Paste,
            ("nofield", _) => Self::NoField,
            ("try", _) => Self::Try,
            ("page", _) if !value.is_empty() => Self::Page { token: value.into() },
            ("frame", _) if !value.is_empty() => Self::Frame { token: value.into() },
            ("upload", _) if !value.is_empty() => Self::Upload { token: value.into() },
            ("capture", Ok(tab_id)) => Self::Capture { tab_id },
            ("whole", Ok(tab_id)) => Self::CaptureWhole { tab_id },
            _ => Self::Open,
        }
    }

    /// The fragment, without `#`.
    pub fn fragment(&self) -> String {
        match self {
            Self::Open => String::new(),
            Self::Forbidden => "forbidden".into(),
            Self::Unanswered => "unanswered".into(),
            Self::Paste => "paste".into(),
            Self::Capture { tab_id } => format!("capture-{tab_id}"),
            Self::CaptureWhole { tab_id } => format!("whole-{tab_id}"),
            Self::NoField => "nofield".into(),
            Self::Try => "try".into(),
            Self::Page { token } => format!("page-{token}"),
            Self::Upload { token } => format!("upload-{token}"),
            Self::Frame { token } => format!("frame-{token}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_may_not_be_kept() {
        assert_eq!(Errand::Paste.address(false), "editor.html#paste");
        assert_eq!(Errand::Capture { tab_id: 3 }.address(true), "editor.html?private#capture-3");
    }

    #[test]
    fn an_errand_is_what_its_fragment_says() {
        let all = [
            Errand::Open,
            Errand::Forbidden,
            Errand::Unanswered,
            Errand::Paste,
            Errand::Capture { tab_id: 1_234_567 },
            Errand::CaptureWhole { tab_id: 7 },
            Errand::NoField,
            Errand::Try,
            Errand::Page { token: "1f8fad5b-d9cb-469f-a165-70867728950e".into() },
            Errand::Upload { token: "0f8fad5b-d9cb-469f-a165-70867728950e".into() },
            Errand::Frame { token: "2f8fad5b-d9cb-469f-a165-70867728950e".into() },
        ];
        for errand in all {
            assert_eq!(Errand::of(&format!("#{}", errand.fragment())), errand);
        }
        for strange in [
            "",
            "#",
            "#upload",
            "#upload-",
            "#frame-",
            "#page-",
            "#capture",
            "#capture-x",
            "#capture-99999999999",
            "#-",
            "#ä",
        ] {
            assert_eq!(Errand::of(strange), Errand::Open, "{strange}");
        }
    }
}
