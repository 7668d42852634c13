#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use proptest::prelude::*;

#[test]
fn each_identifier_reads_its_own_text() {
    let service: ServiceId = "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho".parse().unwrap();
    assert_eq!(service.to_string(), "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho");
    assert_eq!(service.provider.to_string(), "VN-DEMO/GOV/G01/DANCU");
    let member: PartyId = "VN-DEMO/GOV/H17".parse().unwrap();
    assert_eq!(member.subsystem, None);
    let system: PartyId = "VN-DEMO/GOV/H17/MOTCUA".parse().unwrap();
    assert_eq!(system.to_string(), "VN-DEMO/GOV/H17/MOTCUA");
}

#[test]
fn a_part_is_decoded_exactly_once() {
    assert_eq!(PartyId::decode("A/GOV/a%2Bb/S").unwrap().member.code.as_str(), "a+b");
    // Double encoding leaves a `%`, which is no identifier character.
    assert_eq!(PartyId::decode("A/GOV/a%252Bb/S"), Err(IdError::Character('%')));
}

#[test]
fn broken_parts_are_refused_by_name() {
    for (text, error) in [
        ("", IdError::Parts { expected: "3 or 4", found: 1 }),
        ("A//B", IdError::Empty),
        ("A/B/..", IdError::Character('.')),
        ("A/B/%2e%2E", IdError::Character('.')),
        ("A/B/%2", IdError::Encoding),
        ("A/B/%+1", IdError::Encoding),
        ("A/B/%FF", IdError::Encoding),
        ("A/B/C%2FD", IdError::Character('/')),
        ("A/B/C\r\n", IdError::Character('\r')),
    ] {
        assert_eq!(PartyId::decode(text), Err(error), "{text:?}");
    }
}

#[test]
fn a_part_of_256_bytes_is_too_long() {
    assert!(Part::new(&"a".repeat(255)).is_ok());
    assert_eq!(Part::new(&"a".repeat(256)), Err(IdError::TooLong(256)));
}

proptest! {
    #[test]
    fn what_is_encoded_is_read_back(code in "[A-Za-z0-9'()+,=?-]{1,40}", sub in "[A-Za-z0-9]{1,9}") {
        let text = format!("VN/GOV/{code}/{sub}");
        let id: SubsystemId = text.parse().unwrap();
        prop_assert_eq!(PartyId::decode(&id.encoded()).unwrap(), id.party());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,300}") {
        let _ = PartyId::decode(&text);
        let _ = ServiceId::decode(&text);
        let _ = text.parse::<NodeId>();
    }
}

#[test]
fn a_part_of_any_length_is_the_text_that_it_was_made_of() {
    let parts: Vec<Part> = (1..=PART_BYTES_MAX).map(|n| Part::new(&"x".repeat(n)).unwrap()).collect();
    assert!(parts.is_sorted(), "ordered as their texts are");
    for (one, length) in parts.iter().zip(1..) {
        let text = "x".repeat(length);
        assert_eq!(one.as_str(), text);
        assert_eq!(one.clone(), *one);
        assert_eq!(format!("{one:?}"), format!("Part({text:?})"));
        assert_eq!(parts.iter().filter(|other| *other == one).count(), 1);
    }
}

#[test]
fn both_ways_to_the_text_give_the_same() {
    let service: ServiceId = "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho?".parse().unwrap();
    assert_eq!(service.text(), service.to_string());
    assert_eq!(service.text(), "VN-DEMO/GOV/G01/DANCU/tra-cuu-ho?");
}
