//! The sentences for the user in `extension/_locales`: complete, used, described, told apart, and set as each language sets its type.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

type Messages = Map<String, Value>;

/// Where sentences are used. What begins with a dot or is built is not there.
const SOURCES: [&str; 5] = ["extension/src", "extension/shim", "extension/pages", "manifest", "wasm-core/src"];
/// Pages with English words between their tags, for those who read the file.
const PAGES: [&str; 7] = [
    "extension/pages/overlay.html",
    "extension/pages/models.html",
    "extension/pages/editor.html",
    "extension/pages/popup.html",
    "extension/pages/welcome.html",
    "extension/pages/privacy.html",
    "extension/pages/changes.html",
];

/// Pairs of keys that may have one text in a language although English tells them apart, each with the reason.
const ALLOWED: [(&str, &str, &str); 0] = [];

/// Words that a language does not use for taking something out of a picture, because its menu and its button have another one, with the keys under
/// which they mean something else.
const OTHER_WORDS: &[(&str, &str, &[&str])] = &[
    ("es", "borr", &["keptAskForgetAll", "keptAskForgetOld"]),
    ("pt_BR", "apag", &[]),
    ("it", "cancell", &[]),
    ("zh_CN", "按键", &[]),
    ("zh_CN", "你", &[]),
    ("zh_TW", "你", &[]),
    ("ru", "стере", &[]),
    ("ru", "стира", &["helpEraser"]),
    ("de", "von selbst", &[]),
    ("fr", "la GPU", &[]),
    ("en", "could not be had", &[]),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("extension lives in the repository").to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The messages of each language.
fn languages() -> BTreeMap<String, Messages> {
    let folders = std::fs::read_dir(repository().join("extension/_locales")).expect("readable folder");
    let of = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let messages = serde_json::from_str(&read(&path.join("messages.json")));
        (name.clone(), messages.unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    folders.map(|entry| of(entry.expect("readable entry").path())).collect()
}

fn english() -> Messages {
    languages().remove("en").expect("English is there")
}

fn sentence(message: &Value) -> &str {
    message["message"].as_str().unwrap_or_default()
}

/// Names of the placeholders that a message declares, sorted.
fn declared(message: &Value) -> Vec<String> {
    let mut names: Vec<String> =
        message["placeholders"].as_object().into_iter().flatten().map(|(n, _)| n.clone()).collect();
    names.sort_unstable();
    names
}

/// The placeholders that a message declares, each with its number, such as `$1`.
fn numbers(message: &Value) -> impl Iterator<Item = (&String, &Value)> {
    message["placeholders"].as_object().into_iter().flatten().map(|(name, it)| (name, &it["content"]))
}

/// Names of the placeholders in a message's text, sorted, each once.
fn placed(message: &Value) -> Vec<String> {
    let mut names: Vec<String> = sentence(message).split('$').skip(1).step_by(2).map(str::to_lowercase).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The text of all files below a folder.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("readable entry").path();
        if path.is_dir() {
            all += &sources(&path);
        } else {
            // Pictures and fonts use no sentences.
            all += &String::from_utf8_lossy(&std::fs::read(&path).expect("readable file"));
        }
    }
    all
}

/// What stands between `before` and `after`, wherever it does.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| Some(rest.split_once(after)?.0)).collect()
}

/// Groups of keys with one text whose English texts differ.
fn confusions(messages: &Messages, english: &Messages) -> Vec<String> {
    let mut of_text: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, message) in messages {
        of_text.entry(sentence(message)).or_default().push(key);
    }
    let mut found = vec![];
    for (text, keys) in of_text {
        for pair in keys.windows(2) {
            let allowed = ALLOWED.iter().any(|(one, other, _)| pair == [*one, *other] || pair == [*other, *one]);
            if sentence(&english[pair[0]]) != sentence(&english[pair[1]]) && !allowed {
                found.push(format!("{} and {} are both \"{text}\"", pair[0], pair[1]));
            }
        }
    }
    found
}

/// What is wrong with the marks of a sentence in a language.
fn misprints(language: &str, text: &str) -> Vec<&'static str> {
    let mut found = vec![];
    let (opens, closes) = match language {
        "de" => ('„', '“'),
        "es" | "fr" | "it" | "ru" | "ar" => ('«', '»'),
        "ja" | "zh_TW" => ('「', '」'),
        "ko" => ('‘', '’'),
        _ => ('“', '”'),
    };
    let foreign = |mark: char| "„“”«»「」\"'".contains(mark) && mark != opens && mark != closes;
    if text.contains(foreign) {
        found.push("quotation marks of another language");
    }
    if text.contains("...") {
        found.push("three full stops for an ellipsis");
    }
    if text.contains("  ") || text.trim() != text {
        found.push("a space too many");
    }
    let spaced = [" %", " :", " ;", " ?", " !", " »", "« "];
    if spaced.iter().any(|mark| text.contains(mark)) {
        found.push("a mark that may begin or end a line alone");
    }
    let percent = if matches!(language, "de" | "es" | "fr" | "ru") { "$\u{a0}%" } else { "$%" };
    if text.contains('%') && !text.contains(percent) && language != "ar" {
        found.push("a per cent sign that is not set as in this language");
    }
    found
}

#[test]
fn every_language_has_every_sentence_with_its_placeholders() {
    let english = english();
    let mut faults = vec![];
    for (language, messages) in languages() {
        for (key, message) in &english {
            match messages.get(key) {
                None => faults.push(format!("{language} lacks {key}")),
                Some(other) if sentence(other).is_empty() => faults.push(format!("{language}: {key} is empty")),
                Some(other) if !numbers(other).eq(numbers(message)) => {
                    faults.push(format!("{language}: {key} declares other placeholders than English"));
                }
                Some(other) if placed(other) != declared(other) => {
                    faults.push(format!(
                        "{language}: {key} declares {:?} and uses {:?}",
                        declared(other),
                        placed(other)
                    ));
                }
                Some(_) => {}
            }
        }
        let unknown = messages.keys().filter(|key| !english.contains_key(*key));
        faults.extend(unknown.map(|key| format!("{language} has {key}, English has not")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_english_tells_apart_every_language_tells_apart() {
    let english = english();
    let of = |(language, messages): (String, Messages)| {
        confusions(&messages, &english).into_iter().map(move |pair| format!("{language}: {pair}"))
    };
    let faults: Vec<String> = languages().into_iter().flat_map(of).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_sentence_is_used() {
    let all: String = SOURCES.iter().map(|folder| sources(&repository().join(folder))).collect();
    let english = english();
    let is_used = |key: &str| {
        [format!("\"{key}\""), format!("'{key}'"), format!("__MSG_{key}__")].iter().any(|used| all.contains(used))
    };
    let unused: Vec<&String> = english.keys().filter(|key| !is_used(key)).collect();
    assert!(unused.is_empty(), "nobody says {unused:?}");
    let called = between(&all, "i18n::text(\"", "\"").into_iter().chain(between(&all, "getMessage('", "'"));
    let missing: Vec<&str> = called.filter(|key| !english.contains_key(*key)).collect();
    assert!(missing.is_empty(), "there is no {missing:?}");
}

#[test]
fn every_sentence_says_where_it_stands() {
    let bare: Vec<String> = english()
        .into_iter()
        .filter(|(_, it)| it["description"].as_str().is_none_or(str::is_empty))
        .map(|it| it.0)
        .collect();
    assert!(bare.is_empty(), "without a description: {bare:?}");
}

#[test]
fn the_english_words_in_the_pages_are_those_of_their_keys() {
    let english = english();
    let mut faults = vec![];
    for page in PAGES {
        let html = read(&repository().join(page));
        for tag in html.split('<').filter(|tag| tag.contains("data-i18n")) {
            let (attributes, text) = tag.split_once('>').expect("tags end");
            for key in between(attributes, "data-i18n=\"", "\"") {
                let shown = text.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                if !shown.is_empty() && english.get(key).map(sentence) != Some(&shown) {
                    faults.push(format!("{page}: {key}: {shown}"));
                }
            }
            for key in between(attributes, "data-i18n-label=\"", "\"") {
                let names = between(attributes, "aria-label=\"", "\"").into_iter().chain(between(
                    attributes,
                    "data-tip=\"",
                    "\"",
                ));
                let others = names.filter(|name| english.get(key).map(sentence) != Some(name));
                faults.extend(others.map(|name| format!("{page}: {key}: {name}")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_page_on_privacy_and_its_document_say_the_same() {
    let english = english();
    let document = read(&repository().join("docs/privacy.md"));
    let page = read(&repository().join("extension/pages/privacy.html"));
    let resolved = |key: &str| {
        let button = if key == "privacyDeleteText" { "dataDeleteAll" } else { "saveAs" };
        sentence(&english[key]).replace("$BUTTON$", sentence(&english[button]))
    };
    // The link to the page that deletes is one of the page only.
    let keys = english.keys().filter(|key| key.starts_with("privacy") && *key != "privacyDeleteLink");
    let missing: Vec<&String> =
        keys.filter(|key| !document.contains(&resolved(key)) || !page.contains(&resolved(key))).collect();
    assert!(missing.is_empty(), "not in both: {missing:?}");
}

#[test]
fn marks_are_those_of_the_language() {
    let mut faults = vec![];
    for (language, messages) in languages() {
        for (key, message) in &messages {
            let found = misprints(&language, sentence(message));
            faults.extend(found.into_iter().map(|fault| format!("{language}: {key}: {fault}")));
        }
        // The store shows no more of it.
        assert!(sentence(&messages["appDescription"]).chars().count() <= 132, "{language}: too long for the store");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_language_keeps_to_its_words() {
    let languages = languages();
    let mut faults = vec![];
    for (language, word, elsewhere) in OTHER_WORDS {
        let said =
            languages[*language].iter().filter(|(_, it)| sentence(it).to_lowercase().contains(&word.to_lowercase()));
        let wrong = said.filter(|(key, _)| !elsewhere.contains(&key.as_str()));
        faults.extend(wrong.map(|(key, it)| format!("{language}: {key} says \"{word}\": {}", sentence(it))));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_wrong_with_a_sentence_is_found() {
    let messages = |texts: [(&str, &str); 2]| -> Messages {
        texts.into_iter().map(|(key, text)| (key.to_owned(), serde_json::json!({ "message": text }))).collect()
    };
    let english = messages([("cancel", "Cancel"), ("undo", "Undo")]);
    assert_eq!(confusions(&messages([("cancel", "Annuler"), ("undo", "Annuler")]), &english).len(), 1);
    assert!(confusions(&english, &english).is_empty());
    assert_eq!(placed(&serde_json::json!({ "message": "$B$ of $A$, $B$" })), ["a", "b"]);
    assert_eq!(misprints("de", "Auf \u{201e}Fertig\u{201c} klicken."), Vec::<&str>::new());
    for (language, text) in
        [("de", "«Fertig»"), ("fr", "Fini ?"), ("en", "$P$ %"), ("de", "$P$ %"), ("en", "more..."), ("en", "it's")]
    {
        assert_eq!(misprints(language, text).len().min(1), 1, "{language}: {text}");
    }
}
