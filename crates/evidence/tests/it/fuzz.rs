//! No bytes make a parser panic, and what is read is written the same.

use std::cell::Cell;

use crate::fixture::good;
use evidence::{BatchPlace, Checkpoint, Container, Record, verify};

/// Bytes that begin as a good text and then go wrong, because pure noise seldom gets past the first byte.
fn damaged(good: &[u8], noise: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for change in noise.chunks_exact(4) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len().max(1);
        match change[2] % 4 {
            0 if !bytes.is_empty() => bytes[at] = change[3],
            1 => bytes.insert(at.min(bytes.len()), change[3]),
            2 if !bytes.is_empty() => drop(bytes.remove(at)),
            _ => {
                let piece: Vec<u8> = bytes.iter().skip(at).take(usize::from(change[3])).copied().collect();
                bytes.extend(piece);
            }
        }
    }
    bytes
}

/// Feeds noise and damaged texts to `read`, which says whether it took them.
fn feed(good: &str, read: impl Fn(&str) -> bool + std::panic::RefUnwindSafe) {
    assert!(read(good), "the example is not good: {good}");
    let taken = Cell::new(0_u32);
    let taken = std::panic::AssertUnwindSafe(taken);
    bolero::check!().for_each(|noise: &[u8]| {
        for bytes in [noise.to_vec(), damaged(good.as_bytes(), noise)] {
            if let Ok(text) = std::str::from_utf8(&bytes)
                && read(text)
            {
                taken.set(taken.get() + 1);
            }
        }
    });
}

#[test]
fn records_are_read_strictly() {
    let container = good(true);
    feed(&container.records[1].record, |text| {
        let read = Record::parse(text);
        if let Ok(record) = &read {
            assert_eq!(record.to_text(), text);
            if let Some(head) = &record.response {
                let _ = head.parts().map(|parts| parts.check(evidence::record::HeadKind::Response));
            }
        }
        read.is_ok()
    });
}

#[test]
fn checkpoints_are_read_strictly() {
    let container = good(false);
    feed(&container.checkpoint.text, |text| {
        let read = Checkpoint::parse(text);
        if let Ok(checkpoint) = &read {
            assert_eq!(checkpoint.text(), text);
        }
        read.is_ok()
    });
}

#[test]
fn places_in_a_batch_are_read_strictly() {
    let container = good(true);
    let record = Record::parse(&container.records[0].record).unwrap();
    let place = record.request.unwrap().batch.unwrap().encode();
    feed(&place, |text| {
        let read = BatchPlace::parse(text);
        if let Ok(place) = &read {
            assert_eq!(place.encode(), text);
        }
        read.is_ok()
    });
}

#[test]
fn evidence_files_are_read_strictly() {
    let file = good(true).encode();
    feed(&file, |text| {
        let read = Container::parse(text.as_bytes());
        if let Ok(container) = &read {
            assert_eq!(container.encode(), text);
        }
        // A digest that fits lets the noise through to the inner parsers.
        if text.len() > 70 && text.is_char_boundary(text.len() - 68) {
            verify(crate::container::repaired(text).as_bytes(), None);
        }
        read.is_ok()
    });
}
