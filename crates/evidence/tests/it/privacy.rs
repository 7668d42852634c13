//! What a thief of the log can learn by guessing: nothing.

use crate::fixture::{
    CONSUMER, PROVIDER, Pen, commitment, request_lines, request_record, response_lines, response_record,
};
use crypto::b64;
use crypto::commitment::Salt;
use crypto::hash::{hmac_sha256, sha256, sha512};
use evidence::Record;
use evidence::record::HeadKind;

const NUMBER: u64 = 49_090_000_123;
const ANSWERS: [&str; 2] = ["{\"ketQua\":true}", "{\"ketQua\":false}"];

fn target(number: u64) -> String {
    format!("GET /r1/VN-DEMO/GOV/G01/DANCU/tra-cuu-cong-dan/{number:012}")
}

/// What both nodes write about a question for one number, answered with one of the answers.
fn records(number: u64, answer: &str) -> String {
    let question = commitment(&Salt::random(), &target(number), Some(&format!("{number:012}")));
    let request = Pen::of(CONSUMER, HeadKind::Request).sign(&request_lines(&question));
    let answered = commitment(&Salt::random(), "content-type: application/json", Some(answer));
    let response = Pen::of(PROVIDER, HeadKind::Response).sign(&response_lines(&answered, &request));
    let subject = hmac_sha256(&crypto::hash::random::<32>(), &[format!("{number:012}").as_bytes()]);
    let asked = Record { subject: Some(subject), request_kib: Some(1), ..request_record(request) };
    let answered = Record {
        response_kib: Some(evidence::record::kib(answer.len() as u64)),
        ..response_record(response)
    };
    format!("{}\n{}", asked.to_text(), answered.to_text())
}

/// Every way in which a guess could stand in a text: plain, or as a digest with whatever a thief can take for a salt
/// or a key out of the text itself.
fn traces(guess: &str, salts: &[Vec<u8>]) -> Vec<String> {
    let guess_bytes = guess.as_bytes();
    let mut found: Vec<Vec<u8>> = vec![sha512(&[guess_bytes]).to_vec()];
    for salt in salts {
        found.push(sha256(&[salt, guess_bytes]).to_vec());
        found.push(sha256(&[guess_bytes, salt]).to_vec());
        found.push(hmac_sha256(salt, &[guess_bytes]).to_vec());
        if let Ok(salt) = salt.as_slice().try_into() {
            let committed = commitment(&Salt(salt), guess, Some(guess));
            found.extend([committed.head.to_vec(), committed.body.unwrap().to_vec()]);
        }
    }
    // Half of a digest would be enough to tell.
    let encoded = |bytes: Vec<u8>| [hex::encode(&bytes[..16]), b64::encode(&bytes[..15])];
    found.into_iter().flat_map(encoded).chain([guess.to_owned()]).collect()
}

/// All that stands in the text and could be salt or key: nothing, nulls, ids, and every value in hex or base64.
fn salts_in(text: &str) -> Vec<Vec<u8>> {
    let mut salts = vec![vec![], vec![0; 32]];
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=-".contains(c)) {
        if word.len() >= 8 {
            salts.push(word.into());
            salts.extend(hex::decode(word).ok());
            salts.extend(b64::decode(word).ok());
        }
    }
    salts.sort_unstable();
    salts.dedup();
    salts
}

fn guessed<'a>(text: &str, guesses: impl IntoIterator<Item = &'a String>) -> Vec<&'a String> {
    let salts = salts_in(text);
    let seen = |guess: &&String| traces(guess, &salts).iter().any(|trace| text.contains(trace.as_str()));
    guesses.into_iter().filter(seen).collect()
}

fn candidates() -> Vec<String> {
    let numbers = NUMBER - 12..NUMBER + 12;
    let numbers = numbers.flat_map(|number| [target(number), format!("{number:012}")]);
    numbers.chain(ANSWERS.map(String::from)).chain(["true".to_owned(), "false".to_owned()]).collect()
}

#[test]
fn guessing_finds_neither_the_number_nor_the_answer() {
    for answer in ANSWERS {
        let text = records(NUMBER, answer);
        assert_eq!(guessed(&text, &candidates()), Vec::<&String>::new(), "{text}");
    }
}

#[test]
fn the_guessing_would_find_a_bare_or_a_badly_salted_digest() {
    let number = format!("{NUMBER:012}");
    let bare = hex::encode(sha256(&[number.as_bytes()]));
    let with_bare = records(NUMBER, ANSWERS[0]).replace("\"subject\":\"", &format!("\"subject\":\"{bare}"));
    assert_eq!(guessed(&with_bare, &candidates()), [&number]);
    let salt = Salt([0x5a; 32]);
    let leaked = format!("{} {}", hex::encode(salt.0), commitment(&salt, &target(NUMBER), Some(ANSWERS[1])));
    assert_eq!(guessed(&leaked, &candidates()), [&target(NUMBER), &ANSWERS[1].to_owned()]);
}

#[test]
fn a_yes_and_a_no_leave_records_that_differ_in_nothing_but_random_values() {
    /// The text with everything blanked that is a salted commitment, a signature, a nonce or a keyed hash.
    fn blanked(text: &str) -> String {
        let mut kept = String::new();
        for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c)) {
            let long = word.len() > 32;
            kept.push_str(if long { "<random>" } else { word });
            kept.push_str(&"*".repeat(if long { word.len() } else { 0 }));
        }
        kept
    }
    let (yes, no) = (records(NUMBER, ANSWERS[0]), records(NUMBER, ANSWERS[1]));
    assert_ne!(yes, no);
    assert_eq!(blanked(&yes), blanked(&no));
    assert_eq!(blanked(&yes), blanked(&records(NUMBER + 1, ANSWERS[0])));
}
