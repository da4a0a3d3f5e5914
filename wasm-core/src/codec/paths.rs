//! Paths on a user's disk in texts of 8 or 16 bits a character.

/// Names of directories that paths begin with, in lower case.
const ROOTS: [&[u8]; 20] = [
    b"home",
    b"users",
    b"mnt",
    b"media",
    b"root",
    b"tmp",
    b"var",
    b"private",
    b"volumes",
    b"run",
    b"srv",
    b"opt",
    b"usr",
    b"storage",
    b"sdcard",
    b"data",
    b"cygdrive",
    b"library",
    b"applications",
    b"documents and settings",
];
/// Schemes of addresses that lead to a disk or into a private network, in lower case.
const SCHEMES: [&[u8]; 4] = [b"file:", b"smb:", b"afp:", b"nfs:"];
/// Stands for every character that is not ASCII.
const OTHER: u8 = 0xFF;

/// Overwrites paths with spaces. They may contain spaces, so that they end with the line, the quotation or the item.
pub(super) fn blank(data: &mut [u8]) {
    let is_json = is_json(data);
    blank_in(&mut Text { data, first: 0, step: 1, partner: 0, is_json });
    // The low byte of a character first, and last.
    for (first, partner) in [(0, 1), (1, 1), (1, -1), (2, -1)] {
        blank_in(&mut Text { data, first, step: 2, partner, is_json });
    }
}

/// Whether there is a list of named values or a list of texts in it, as in JSON.
fn is_json(data: &[u8]) -> bool {
    let opens = |at: usize| matches!(data[at], b'{' | b'[');
    let mut next = (0..data.len()).filter(|at| opens(*at)).map(|at| data[at + 1..].iter().take(64));
    next.any(|mut next| next.find(|byte| !matches!(byte, 0 | b' ' | b'\t' | b'\r' | b'\n')) == Some(&b'"'))
}

/// A text of one encoding.
struct Text<'a> {
    data: &'a mut [u8],
    /// Where the byte of its first character that ASCII has stands.
    first: usize,
    /// Bytes of a character.
    step: usize,
    /// Where the other byte stands, from there; 0 for none.
    partner: isize,
    /// Whether backslashes of a path are doubled in it, as JSON has it.
    is_json: bool,
}

impl Text<'_> {
    /// The character at an index: ASCII, [`OTHER`], or None behind the end.
    fn get(&self, index: usize) -> Option<u8> {
        let at = self.first + index * self.step;
        let letter = *self.data.get(at)?;
        // The last character of a text of the other order has no byte behind it.
        let other = self.data.get(at.checked_add_signed(self.partner)?).unwrap_or(&0);
        let is_ascii = self.partner == 0 || *other == 0;
        Some(if is_ascii && letter < 0x80 { letter } else { OTHER })
    }

    fn is(&self, index: usize, test: impl Fn(u8) -> bool) -> bool {
        self.get(index).is_some_and(test)
    }

    /// Whether these letters stand there, whatever their case.
    fn has(&self, index: usize, letters: &[u8]) -> bool {
        letters.iter().enumerate().all(|(i, letter)| self.is(index + i, |it| it.to_ascii_lowercase() == *letter))
    }

    /// Index behind the separators at an index, which may be escaped, and how many backslashes are among them. None without one.
    fn separators(&self, start: usize) -> Option<(usize, usize)> {
        let (mut index, mut backslashes) = (start, 0);
        // No path has more.
        while index < start + 24 {
            match self.get(index) {
                Some(b'/') => index += 1,
                Some(b'\\') => (index, backslashes) = (index + 1, backslashes + 1),
                Some(b'%') if self.has(index, b"%2f") => index += 3,
                Some(b'%') if self.has(index, b"%5c") => (index, backslashes) = (index + 3, backslashes + 2),
                _ => break,
            }
        }
        // A backslash that stands for something else together with what follows.
        let is_escape = self.is_json && (start + 1, 1) == (index, backslashes);
        (index > start && !is_escape).then_some((index, backslashes))
    }

    /// Index behind the name of a directory or file at an index, without spaces. None where none can stand.
    fn name(&self, start: usize) -> Option<usize> {
        let is_part = |it: u8| {
            it.is_ascii_alphanumeric()
                || matches!(it, OTHER | b'.' | b'_' | b'-' | b'~' | b'$' | b'@' | b'#' | b'+' | b'!' | b'&')
        };
        // Longer ones are none.
        let end = (start..start + 256).find(|index| !self.is(*index, is_part))?;
        (end > start).then_some(end)
    }

    fn is_inside_a_word(&self, index: usize) -> bool {
        let before = |back: usize, test: fn(u8) -> bool| index >= back && self.is(index - back, test);
        // The letter of an escaped end of line is none of a word.
        let is_escape = self.is_json
            && before(1, |it| matches!(it, b'n' | b'r' | b't'))
            && before(2, |it| it == b'\\')
            && !before(3, |it| it == b'\\');
        before(1, |it| it.is_ascii_alphanumeric()) && !is_escape
    }

    /// Whether a path on the user's disk begins at an index.
    fn begins(&self, index: usize) -> bool {
        self.scheme(index) || self.drive(index) || self.root(index) || self.server(index)
    }

    fn scheme(&self, index: usize) -> bool {
        let scheme = SCHEMES.iter().find(|scheme| self.has(index, scheme));
        scheme.is_some_and(|scheme| self.separators(index + scheme.len()).is_some())
    }

    /// `C:\…`, `C:/…`. Ratios and f-numbers are none.
    fn drive(&self, index: usize) -> bool {
        let colon = if self.has(index + 1, b"%3a") { 3 } else { usize::from(self.has(index + 1, b":")) };
        if colon == 0 || !self.is(index, |it| it.is_ascii_alphabetic()) {
            return false;
        }
        let Some((start, backslashes)) = self.separators(index + 1 + colon) else { return false };
        let Some(end) = self.name(start) else { return false };
        let is_word = (start..end).any(|index| self.is(index, |it| it.is_ascii_alphabetic() || it == OTHER));
        backslashes > 0 || is_word || self.separators(end).is_some()
    }

    /// `/home/…`, `\Users\…`, `~/…`.
    fn root(&self, index: usize) -> bool {
        if self.is(index, |it| it == b'~') {
            let start = self.separators(index + 1).map(|(start, _)| start);
            return start.is_some_and(|start| self.is(start, |it| it.is_ascii_alphabetic() || it == OTHER));
        }
        let Some((name, _)) = self.separators(index) else { return false };
        ROOTS.iter().filter(|root| self.has(name, root)).any(|root| {
            let start = self.separators(name + root.len()).map(|(start, _)| start);
            start.is_some_and(|start| self.name(start).is_some())
        })
    }

    /// `\\server\share`.
    fn server(&self, index: usize) -> bool {
        let Some((name, backslashes)) = self.separators(index) else { return false };
        let share = || self.separators(self.name(name)?).filter(|(_, backslashes)| *backslashes > 0);
        backslashes >= if self.is_json { 4 } else { 2 } && share().is_some_and(|(share, _)| self.name(share).is_some())
    }

    /// Index behind the path that begins at an index.
    fn end(&self, start: usize) -> usize {
        let is_quoted = start > 0 && self.is(start - 1, |it| it == b'\'');
        let ends = |it: u8| matches!(it, 0..b' ' | b'"' | b'<' | b'>' | b',') || it == b'\'' && is_quoted;
        let mut end = start;
        while self.is(end, |it| !ends(it)) {
            end += 1;
        }
        // Those before a quotation mark belong to it.
        while end > start && self.is(end, |it| it == b'"') && self.is(end - 1, |it| it == b'\\') {
            end -= 1;
        }
        end
    }

    /// Index behind an address in the web whose scheme ends at an index. What looks like a path in it is none of the disk's.
    fn address_end(&self, colon: usize) -> Option<usize> {
        let is_one =
            colon > 1 && self.has(colon, b"://") && (1..3).all(|i| self.is(colon - i, |it| it.is_ascii_alphanumeric()));
        is_one.then(|| {
            let goes_on = |it| !matches!(it, 0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b',');
            (colon..).find(|index| !self.is(*index, goes_on)).unwrap_or(colon)
        })
    }
}

fn blank_in(text: &mut Text<'_>) {
    let mut index = 0;
    while let Some(letter) = text.get(index) {
        let could_begin = letter.is_ascii_alphabetic() || matches!(letter, b'/' | b'\\' | b'%' | b'~');
        if could_begin && !text.is_inside_a_word(index) && text.begins(index) {
            let end = text.end(index);
            for index in index..end {
                let at = text.first + index * text.step;
                if let Some(other) = at.checked_add_signed(text.partner).and_then(|other| text.data.get_mut(other)) {
                    *other = 0;
                }
                text.data[at] = b' ';
            }
            index = end;
        } else if let Some(end) = (letter == b':').then(|| text.address_end(index)).flatten() {
            index = end;
        } else {
            index += 1;
        }
    }
}
