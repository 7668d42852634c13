//! Somebody has both logs and guesses: which number was asked about, was the answer yes or no?

use std::collections::HashSet;
use std::path::Path;

use crypto::hash::{sha256, sha512};
use http::Method;

use crate::audit;
use crate::pair::{Pair, SERVICE};

const NUMBER: &str = "049099001234";
const QUESTION: &str = r#"{"soDinhDanh":"049099001234","hoTen":"Nguyen Van A"}"#;
const ANSWER: &str = r#"{"ketQua":true}"#;
/// Bytes that are compared: enough that chance finds nothing, in hexadecimal too.
const WINDOW: usize = 16;

/// Everything that is in the logs of both nodes: the files of the stores, byte by byte, and the texts of the records.
async fn loot(pair: &Pair) -> Vec<u8> {
    let mut bytes = Vec::new();
    for node in [&pair.consumer, &pair.provider] {
        let file = node.store.file().unwrap();
        for entry in file.parent().unwrap().read_dir().unwrap() {
            bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
        }
        audit::rows(&node.db).await.iter().for_each(|row| {
            bytes.extend(row.text.as_bytes());
            // What stands in the records as base64 or hexadecimal, as bytes.
            for piece in row.text.split(['"', ':', '\\', '=', ',', '(', ')', ' ']) {
                for padding in ["", "=", "=="] {
                    bytes.extend(crypto::b64::decode(&format!("{piece}{padding}")).unwrap_or_default());
                }
                bytes.extend(hex::decode(piece).unwrap_or_default());
            }
        });
    }
    bytes
}

struct Loot(HashSet<[u8; WINDOW]>);

impl Loot {
    fn new(bytes: &[u8]) -> Self {
        Self(bytes.windows(WINDOW).map(|w| w.try_into().unwrap()).collect())
    }

    fn has(&self, needle: &[u8]) -> bool {
        self.0.contains::<[u8; WINDOW]>(needle[..WINDOW].try_into().unwrap())
    }

    /// Whether a plain hash of the text is there, in any usual writing.
    fn has_hash_of(&self, text: &[u8]) -> bool {
        let (short, long) = (sha256(&[text]), sha512(&[text]));
        [&short[..], &long[..]].into_iter().any(|hash| {
            let hex = hex::encode(hash);
            let written = [hex.to_ascii_uppercase(), hex, crypto::b64::encode(hash)];
            self.has(hash) || written.iter().any(|text| self.has(text.as_bytes()))
        })
    }
}

/// What a hash of the question could have been made over.
fn questions(number: &str) -> [String; 6] {
    [
        number.to_owned(),
        format!("{number}\n"),
        format!("/nguoi/{number}"),
        format!("{SERVICE}/nguoi/{number}"),
        format!("POST\r\n{SERVICE}/nguoi/{number}\r\n"),
        QUESTION.replace(NUMBER, number),
    ]
}

fn answers() -> impl Iterator<Item = String> {
    let words = ["true", "false", "yes", "no", "1", "0", "null"];
    words.into_iter().flat_map(|word| {
        [
            word.to_owned(),
            format!(r#"{{"ketQua":{word}}}"#),
            format!(r#"{{"ketQua": {word}}}"#),
            format!("{word}\n"),
        ]
    })
}

async fn asked() -> Pair {
    let pair = Pair::new().await;
    let answer = pair.ask(pair.question(Method::POST, &format!("/nguoi/{NUMBER}")), QUESTION).await;
    answer.is_answered();
    let answer = pair.get("/ket-qua/true").await;
    assert_eq!(&*answer.body, ANSWER.as_bytes());
    pair
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_number_nor_answer_nor_a_guessable_hash_of_them_is_in_the_logs() {
    let pair = asked().await;
    let bytes = loot(&pair).await;
    assert!(bytes.len() > 10_000);
    let loot = Loot::new(&bytes);
    for plain in [NUMBER, "\"ketQua\":true", "Nguyen Van A", "/nguoi/"] {
        let found = bytes.windows(plain.len()).any(|w| w == plain.as_bytes());
        assert!(!found, "{plain} stands in a log");
    }
    for number in 0..10_000 {
        let number = format!("0490990{number:05}");
        for text in questions(&number) {
            assert!(!loot.has_hash_of(text.as_bytes()), "a hash of {text} stands in a log");
        }
    }
    for text in answers() {
        assert!(!loot.has_hash_of(text.as_bytes()), "a hash of {text} stands in a log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guessing_finds_what_a_careless_log_would_hold() {
    // Without this the test above could pass because it looks in the wrong way.
    let bytes = loot(&asked().await).await;
    let careless: [Vec<u8>; 3] = [
        sha256(&[NUMBER.as_bytes()]).to_vec(),
        hex::encode(sha512(&[ANSWER.as_bytes()])).into_bytes(),
        crypto::b64::encode(&sha256(&[QUESTION.as_bytes()])).into_bytes(),
    ];
    for (plant, text) in careless.into_iter().zip([NUMBER, ANSWER, QUESTION]) {
        let planted = [&bytes[..], &plant].concat();
        assert!(Loot::new(&planted).has_hash_of(text.as_bytes()));
    }
    assert!(Loot::new(&bytes).has(b"\"x-road-request-id"), "the texts are among the loot");
}

#[tokio::test(flavor = "multi_thread")]
async fn yes_and_no_leave_records_of_the_same_shape() {
    let pair = Pair::new().await;
    for word in ["true", "false", "true", "false"] {
        let request = pair.question(Method::GET, &format!("/ket-qua/{word}")).header("X-Road-Id", "mot");
        pair.ask(request, "").await.is_answered();
    }
    for node in [&pair.consumer, &pair.provider] {
        let mut shapes: Vec<_> = audit::records(&node.db).await;
        shapes.retain(|r| r.response.is_some());
        let shape = |r: &evidence::record::Record| {
            let commitment = r.response.as_ref().unwrap().component("lienthong-commitment").unwrap().len();
            (r.outcome.clone(), r.request_kib, r.response_kib, r.subject.map(|s| s.len()), commitment)
        };
        assert_eq!(shapes.len(), 4);
        assert!(shapes.windows(2).all(|pair| shape(&pair[0]) == shape(&pair[1])));
    }
    assert!(Path::new(&pair.provider.store.file().unwrap()).exists());
}
