//! Files of separated values, read as a stream.

use std::cell::Cell as Counter;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use csv::ByteRecord;
use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};

use super::columns::Cell;
use super::header::{ROWS_LOOKED_AT, Row};
use super::{COLUMNS_MAX, Found, Import, Take};
use crate::encoding::{Detected, Encoding, detect, detect_text};
use crate::error::SourceError;

/// Largest record, in bytes: more is a quotation mark that was never closed.
const RECORD_BYTES_MAX: u64 = 16 << 20;
/// Bytes at the beginning by which the separator is found out.
const HEAD_BYTES: usize = 64 << 10;
/// Bytes with letters beside ASCII by which the encoding is found out.
const SAMPLE_BYTES: usize = 256 << 10;
/// So many good letters in UTF-8 outweigh one bad byte.
const GOOD_FOR_BAD: u64 = 20;

/// A file whose encoding and separator are known.
pub(super) struct CsvFile {
    path: PathBuf,
    encoding: Encoding,
    /// What the characters stand for, where a database wrote old bytes as UTF-8.
    text: Option<Encoding>,
    delimiter: u8,
    /// Whether each quotation mark has its other one.
    paired: bool,
    line_end: u8,
}

impl CsvFile {
    pub(super) fn open(path: &Path, import: &Import) -> Result<Self, SourceError> {
        let unreadable = |error: io::Error| super::unreadable(path, &error);
        let survey = Survey::of(File::open(path).map_err(unreadable)?).map_err(unreadable)?;
        let (encoding, text) = survey.encodings(path, import)?;
        let head = match encoding {
            Encoding::Utf16Le => UTF_16LE.decode(&survey.head).0.into_owned().into_bytes(),
            Encoding::Utf16Be => UTF_16BE.decode(&survey.head).0.into_owned().into_bytes(),
            _ => survey.head.clone(),
        };
        let whole = survey.head.len() < HEAD_BYTES;
        let delimiter = match import.delimiter {
            Some(sign) => u8::try_from(sign).unwrap_or(b','),
            None => delimiter(&head, whole),
        };
        let paired = !survey.quotes_odd;
        // Very old files end their lines with `\r` alone.
        let line_end = if head.contains(&b'\r') && !head.contains(&b'\n') { b'\r' } else { b'\n' };
        Ok(Self { path: path.to_owned(), encoding, text, delimiter, paired, line_end })
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.text.unwrap_or(self.encoding)
    }

    pub(super) fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    /// Gives each row; memory is bounded by the largest record.
    pub(super) fn each(&self, found: &mut Found, take: &mut Take<'_>) -> Result<(), SourceError> {
        let file = File::open(&self.path).map_err(|error| super::unreadable(&self.path, &error))?;
        let file: Box<dyn Read> = match self.encoding {
            Encoding::Utf16Le => Box::new(Wide::new(file, UTF_16LE.new_decoder())),
            Encoding::Utf16Be => Box::new(Wide::new(file, UTF_16BE.new_decoder())),
            _ => Box::new(file),
        };
        let tail = Rc::new(Tail::default());
        let limited = Limited { inner: file, tail: Rc::clone(&tail) };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            // With its own idea of line ends the reader would count lines wrongly; `\r` is trimmed from cells.
            .terminator(csv::Terminator::Any(self.line_end))
            .from_reader(limited);
        let mut record = ByteRecord::new();
        let mut open = false;
        let mut line = 0;
        loop {
            let more = reader.read_byte_record(&mut record).map_err(|error| self.broken(line, &error))?;
            if !more {
                break;
            }
            tail.since.set(0);
            let ended = !tail.is_cut_off(self.line_end);
            let within = record.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
            open = within > 0 || !ended;
            line = match self.line_end {
                b'\n' => reader.position().line() - within - u64::from(ended),
                _ => line + 1,
            };
            if take(self.row(line, &record, found), found)?.is_break() {
                return Ok(());
            }
        }
        if open && !self.paired {
            return Err(super::refused(
                &self.path,
                &format!("dòng {line}: dấu ngoặc kép mở mà không đóng; tệp có thể chưa chép xong"),
                &format!(
                    "line {line}: a quotation mark is opened and not closed; the file may be half written"
                ),
            ));
        }
        Ok(())
    }

    fn row(&self, line: u64, record: &ByteRecord, found: &mut Found) -> Row {
        // Cells beyond the limit only tell that the row is too long.
        let cells = record.iter().take(COLUMNS_MAX + 1).enumerate();
        let cells = cells.map(|(column, bytes)| self.cell((line, column), bytes, found)).collect();
        Row { line, cells, banner: false, reaches: line }
    }

    fn cell(&self, (line, column): (u64, usize), bytes: &[u8], found: &mut Found) -> Cell {
        let bytes = bytes.trim_ascii();
        if bytes.is_empty() {
            return Cell::Empty;
        }
        let encoding = if matches!(self.encoding, Encoding::Utf16Le | Encoding::Utf16Be) {
            Encoding::Utf8
        } else {
            self.encoding
        };
        let text = encoding.decode(bytes).filter(|text| !text.contains(char::REPLACEMENT_CHARACTER));
        let text = match self.text {
            Some(means) => text.and_then(|text| means.convert(&text)),
            None => text,
        };
        if let Some(text) = text {
            return found.cleaned(text);
        }
        found.no_text(format!("dòng / line {line}, cột / column {}", column + 1), self.encoding());
        Cell::Empty
    }

    fn broken(&self, line: u64, error: &csv::Error) -> SourceError {
        let vi =
            format!("sau dòng {line}: bản ghi quá {RECORD_BYTES_MAX} byte, hoặc không đọc được: {error}");
        let en = format!(
            "after line {line}: a record of more than {RECORD_BYTES_MAX} bytes, or unreadable: {error}"
        );
        super::refused(&self.path, &vi, &en)
    }
}

/// What one reading of a whole file tells.
#[derive(Default)]
struct Survey {
    head: Vec<u8>,
    /// Pieces that have more than ASCII.
    sample: Vec<u8>,
    /// Letters of more than one byte in UTF-8, and bytes that are none.
    good: u64,
    bad: u64,
    quotes_odd: bool,
}

impl Survey {
    fn of(mut file: File) -> io::Result<Self> {
        let mut survey = Self::default();
        let mut buffer = vec![0; HEAD_BYTES];
        let mut kept = 0;
        loop {
            let read = file.read(&mut buffer[kept..])?;
            let filled = kept + read;
            let missing = HEAD_BYTES - survey.head.len();
            survey.head.extend_from_slice(&buffer[kept..filled][..read.min(missing)]);
            let odd = buffer[kept..filled].iter().fold(false, |odd, byte| odd ^ (*byte == b'"'));
            survey.quotes_odd ^= odd;
            kept = survey.note(&buffer[..filled], read == 0);
            if read == 0 {
                return Ok(survey);
            }
            buffer.copy_within(filled - kept..filled, 0);
        }
    }

    /// Counts letters; gives how many bytes at the end begin a letter that goes on.
    fn note(&mut self, bytes: &[u8], last: bool) -> usize {
        if bytes.is_ascii() {
            return 0;
        }
        let missing = SAMPLE_BYTES.saturating_sub(self.sample.len());
        self.sample.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.good += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count() as u64;
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            let unfinished =
                chunks.peek().is_none() && str::from_utf8(invalid).is_err_and(|e| e.error_len().is_none());
            if unfinished && !last {
                return invalid.len();
            }
            self.bad += 1;
        }
        0
    }

    /// The encoding of the bytes, and what their text stands for.
    fn encodings(&self, path: &Path, import: &Import) -> Result<(Encoding, Option<Encoding>), SourceError> {
        let marked = match detect(&self.head) {
            Some(wide @ (Encoding::Utf16Le | Encoding::Utf16Be)) => Some(wide),
            _ => None,
        };
        let unicode =
            self.bad == 0 || self.good > GOOD_FOR_BAD * self.bad || self.head.starts_with(b"\xEF\xBB\xBF");
        if let Some(wanted) = import.encoding {
            // Old bytes never make good UTF-8: these were written as characters.
            let kept = wanted.is_legacy() && self.bad == 0 && self.good > 0;
            return Ok(if kept { (Encoding::Utf8, Some(wanted)) } else { (wanted, None) });
        }
        if let Some(wide) = marked {
            return Ok((wide, None));
        }
        if unicode {
            let text = String::from_utf8_lossy(&self.sample);
            let means = detect_text(&[&text]).filter(Detected::is_sure).map(|detected| detected.encoding);
            return Ok((Encoding::Utf8, means));
        }
        let legacy =
            detect(&self.sample).filter(|encoding| encoding.is_legacy()).map(|encoding| (encoding, None));
        legacy.ok_or_else(|| SourceError::Encoding { file: path.display().to_string() })
    }
}

/// The separator that gives the most rows the same number of cells.
fn delimiter(head: &[u8], whole: bool) -> u8 {
    let score = |sign: u8| {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(sign).from_reader(head);
        let records = reader.byte_records().map_while(Result::ok).take(ROWS_LOOKED_AT);
        let mut counts: Vec<usize> = records.map(|record| record.len()).collect();
        // The last one was cut off.
        if !whole && counts.len() > 1 && counts.len() < ROWS_LOOKED_AT {
            counts.pop();
        }
        let same = |count: usize| counts.iter().filter(|other| **other == count).count();
        counts.iter().filter(|count| **count > 1).map(|count| (same(*count), *count)).max().unwrap_or((0, 0))
    };
    [b',', b';', b'\t', b'|'].into_iter().rev().max_by_key(|sign| score(*sign)).unwrap_or(b',')
}

/// What was read last.
#[derive(Default)]
struct Tail {
    /// Bytes since the last record was whole.
    since: Counter<u64>,
    last: Counter<u8>,
    at_end: Counter<bool>,
}

impl Tail {
    /// Whether the file ended within a line.
    fn is_cut_off(&self, line_end: u8) -> bool {
        self.at_end.get() && self.last.get() != line_end
    }
}

/// Ends the reading of a record that never ends.
struct Limited<R> {
    inner: R,
    tail: Rc<Tail>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.tail.since.get() > RECORD_BYTES_MAX {
            return Err(io::Error::other("the record does not end"));
        }
        let read = self.inner.read(buffer)?;
        self.tail.since.set(self.tail.since.get() + read as u64);
        self.tail.at_end.set(read == 0);
        if let Some(last) = buffer[..read].last() {
            self.tail.last.set(*last);
        }
        Ok(read)
    }
}

/// UTF-16 as UTF-8.
struct Wide<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// What was decoded and not yet given.
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Wide<R> {
    fn new(inner: R, decoder: Decoder) -> Self {
        Self { inner, decoder, raw: vec![0; HEAD_BYTES], ready: Vec::new(), given: 0, ended: false }
    }
}

impl<R: Read> Read for Wide<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.ended {
            let read = self.inner.read(&mut self.raw)?;
            self.ended = read == 0;
            let room = self.decoder.max_utf8_buffer_length(read).unwrap_or(4 * HEAD_BYTES);
            self.ready.resize(room, 0);
            let (result, _, written, _) =
                self.decoder.decode_to_utf8(&self.raw[..read], &mut self.ready, self.ended);
            debug_assert_eq!(result, CoderResult::InputEmpty, "the room is enough for everything");
            self.ready.truncate(written);
            self.given = 0;
        }
        let count = buffer.len().min(self.ready.len() - self.given);
        buffer[..count].copy_from_slice(&self.ready[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_the_one_that_makes_a_table() {
        for (text, sign) in [
            ("a,b\n1,2\n", b','),
            ("a;b;c\n1,5;2,5;x\n", b';'),
            ("a\tb\n\"1,2;3\"\t4\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("danh sách\na;b\n1;2\n3;4\n", b';'),
            ("a\nb\n", b','),
            ("", b','),
        ] {
            assert_eq!(char::from(delimiter(text.as_bytes(), true)), char::from(sign), "{text:?}");
        }
    }
}
