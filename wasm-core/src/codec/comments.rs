//! Comments, as people and programs write them into a JPEG (ITU T.81, B.2.4.5) or a GIF, and where the formats have them.

use super::exif;
use std::io::{Result, Write};

/// Maximum length in bytes of a file's comments together. Further ones are left out.
const LIMIT: usize = 1 << 18;
/// Maximum length in bytes of a comment in a JPEG.
const JPEG_LIMIT: usize = 65_533;

/// Comments without pictures and local paths.
pub(super) fn cleaned(comments: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut room = LIMIT;
    let fits = |comment: &Vec<u8>| {
        let left = room.checked_sub(comment.len());
        room = left.unwrap_or(room);
        left.is_some()
    };
    let comments = comments.into_iter().filter(fits).map(|mut comment| {
        exif::blank(&mut comment, b' ');
        comment
    });
    comments.filter(|comment| comment.iter().any(|byte| !matches!(byte, 0 | b' '))).collect()
}

/// Type and contents of the PNG chunk that holds a comment: text in UTF-8 or in Latin-1, as it may be.
pub(super) fn png_text(comment: &[u8]) -> ([u8; 4], Vec<u8>) {
    // A zero would end it.
    let end = comment.iter().position(|byte| *byte == 0).unwrap_or(comment.len());
    let comment = &comment[..end];
    if comment.is_ascii() || std::str::from_utf8(comment).is_err() {
        (*b"tEXt", [b"Comment\0", comment].concat())
    } else {
        (*b"iTXt", [b"Comment\0\0\0\0\0", comment].concat())
    }
}

/// A JPEG file that is being written. It gets comments behind its first segment, which is JFIF's and has to come first.
pub(super) struct WithComments<'a> {
    file: &'a mut dyn Write,
    comments: &'a [Vec<u8>],
    /// What was written up to there.
    head: Vec<u8>,
    is_passed: bool,
}

impl<'a> WithComments<'a> {
    pub(super) fn new(file: &'a mut dyn Write, comments: &'a [Vec<u8>]) -> Self {
        Self { file, comments, head: vec![], is_passed: comments.is_empty() }
    }

    /// Length of the start marker and the first segment, once that is known.
    fn head_length(&self) -> Option<usize> {
        let length = self.head.get(4..6)?;
        Some(4 + usize::from(u16::from_be_bytes([length[0], length[1]])))
    }
}

impl Write for WithComments<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.is_passed {
            return self.file.write(bytes);
        }
        self.head.extend(bytes);
        if let Some(length) = self.head_length().filter(|length| *length <= self.head.len()) {
            self.is_passed = true;
            self.file.write_all(&self.head[..length])?;
            for comment in self.comments.iter().filter(|comment| comment.len() <= JPEG_LIMIT) {
                self.file.write_all(&[0xFF, 0xFE])?;
                self.file.write_all(&(comment.len() as u16 + 2).to_be_bytes())?;
                self.file.write_all(comment)?;
            }
            self.file.write_all(&self.head[length..])?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush()
    }
}
