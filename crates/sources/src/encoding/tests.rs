use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

const NAMES: [&str; 6] =
    ["Nguyễn Văn Mẫu", "Trần Thị Hường", "Lê Đức Thịnh", "Đặng Quốc Việt", "huyện Quỳnh Lưu", "Hoàng Mỹ Ý"];

/// All letters of Vietnamese that ASCII lacks, small ones.
fn letters() -> Vec<char> {
    let mut letters: Vec<char> = "ăâđêôơư".chars().collect();
    for base in "aăâeêioôơuưy".chars() {
        for tone in ["\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"] {
            letters.extend(format!("{base}{tone}").nfc());
        }
    }
    letters
}

/// What is kept where each byte was taken for a character.
fn as_characters(bytes: &[u8]) -> String {
    encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}

/// The C library's idea of the standard of which TCVN3 is a part.
fn iconv(byte: u8) -> Option<String> {
    let mut child = Command::new("iconv")
        .args(["-f", "TCVN5712-1", "-t", "UTF-8"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&[byte]).unwrap();
    let output = child.wait_with_output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().nfc().collect())
}

#[test]
fn tcvn3_agrees_with_the_c_library_wherever_it_has_a_letter() {
    let mut ours = Vec::new();
    for byte in 0x80..=0xFF_u8 {
        let theirs = iconv(byte);
        match Encoding::Tcvn3.decode(&[byte]) {
            Some(letter) if byte >= 0xA0 => {
                assert_eq!(Some(&letter), theirs.as_ref(), "{byte:X}");
                ours.push(letter);
            }
            // The standard's VN1 has capital letters and combining marks where VN3 has nothing, or Windows punctuation.
            Some(sign) => assert!(sign.chars().all(|c| !c.is_alphanumeric()), "{byte:X}"),
            None => {
                let theirs = theirs.unwrap_or_default();
                let capital = theirs.chars().all(|c| c.is_uppercase() && !"ĂÂÊÔƠƯĐ".contains(c));
                let mark = (0xB0..=0xB4).contains(&byte);
                assert!(capital || mark || theirs.chars().all(char::is_control), "{byte:X} is {theirs}");
            }
        }
    }
    let missing: Vec<char> =
        letters().into_iter().filter(|letter| !ours.contains(&letter.to_string())).collect();
    assert_eq!((missing.as_slice(), ours.len()), ([].as_slice(), 75), "67 and 7 capitals and a blank");
}

/// From the published comparison "Unicode & Vietnamese Legacy Character Encodings": letter, bytes in VNI.
#[test]
fn vni_has_the_bytes_that_are_published() {
    let published: [(&str, &[u8]); 24] = [
        ("À", &[0x41, 0xD8]),
        ("Á", &[0x41, 0xD9]),
        ("Â", &[0x41, 0xC2]),
        ("Ã", &[0x41, 0xD5]),
        ("Ì", &[0xCC]),
        ("Í", &[0xCD]),
        ("Ý", &[0x59, 0xD9]),
        ("á", &[0x61, 0xF9]),
        ("à", &[0x61, 0xF8]),
        ("ả", &[0x61, 0xFB]),
        ("ạ", &[0x61, 0xEF]),
        ("ă", &[0x61, 0xEA]),
        ("ắ", &[0x61, 0xE9]),
        ("ằ", &[0x61, 0xE8]),
        ("ẳ", &[0x61, 0xFA]),
        ("ẵ", &[0x61, 0xFC]),
        ("ặ", &[0x61, 0xEB]),
        ("ấ", &[0x61, 0xE1]),
        ("ậ", &[0x61, 0xE4]),
        ("ễ", &[0x65, 0xE3]),
        ("ể", &[0x65, 0xE5]),
        ("ỉ", &[0xE6]),
        ("ĩ", &[0xF3]),
        ("ị", &[0xF2]),
    ];
    for (letter, bytes) in published {
        assert_eq!(Encoding::Vni.decode(bytes).as_deref(), Some(letter));
        assert_eq!(Encoding::Vni.encode(letter), Some(as_characters(bytes)), "{letter}");
    }
    assert_eq!(Encoding::Vni.convert("Nguyeãn Vaên Ñöùc").as_deref(), Some("Nguyễn Văn Đức"));
    assert_eq!(Encoding::Vni.convert("ÑÒNH Trònh Kyø").as_deref(), Some("ĐỊNH Trịnh Kỳ"));
    assert_eq!(Encoding::Tcvn3.convert("NguyÔn V¨n §øc").as_deref(), Some("Nguyễn Văn Đức"));
}

#[test]
fn every_letter_comes_back_from_every_encoding() {
    for small in letters() {
        let capital: String = small.to_uppercase().collect();
        for text in [small.to_string(), capital] {
            let vni = Encoding::Vni.encode(&text).unwrap();
            assert_eq!(Encoding::Vni.convert(&vni).as_deref(), Some(&*text), "{vni}");
            let tcvn3 = Encoding::Tcvn3.encode(&text).unwrap();
            let back = Encoding::Tcvn3.convert(&tcvn3).unwrap();
            assert!(
                back == text || back == small.to_string(),
                "{text}: capitals with tones are kept as small letters"
            );
        }
    }
    assert_eq!(Encoding::Windows1258.convert("NguyêÞn").as_deref(), Some("Nguyễn"));
    assert_eq!(Encoding::Windows1258.encode("Nguyễn"), None, "there is more than one way to write it");
}

#[test]
fn what_an_encoding_has_no_letter_for_is_not_converted() {
    for (encoding, text) in [
        (Encoding::Tcvn3, "Nguyễn"),
        (Encoding::Tcvn3, "\u{c0}"),
        (Encoding::Vni, "Ønh"),
        (Encoding::Vni, "ç"),
        (Encoding::Windows1258, "Nguyễn"),
    ] {
        assert_eq!(encoding.convert(text), None, "{} {text}", encoding.name());
    }
    assert_eq!(Encoding::Tcvn3.encode("漢"), None);
    assert_eq!(Encoding::Vni.encode("ç"), None);
    assert_eq!(Encoding::Utf8.decode(&[0xFF]), None);
    assert_eq!(Encoding::Utf16Le.decode(&[0x41]), None);
}

#[test]
fn each_encoding_is_found_in_bytes_and_in_characters() {
    for encoding in [Encoding::Tcvn3, Encoding::Vni] {
        let kept: Vec<String> = NAMES.iter().map(|name| encoding.encode(name).unwrap()).collect();
        let samples: Vec<&str> = kept.iter().map(String::as_str).collect();
        let found = detect_text(&samples).unwrap();
        assert!(found.encoding == encoding && found.confidence > 80 && !found.mixed, "{found:?}");
        let bytes: Vec<u8> = kept.join("\n").chars().map(|c| tables::byte_of(c).unwrap()).collect();
        assert_eq!(detect(&bytes), Some(encoding));
        assert_eq!(
            encoding.decode(&bytes),
            Some(NAMES.join("\n").replace('Ý', if encoding == Encoding::Vni { "Ý" } else { "ý" }))
        );
    }
    // Microsoft's keyboard types the tone behind the letter; encoding_rs writes what is there.
    let typed = "Nguyê\u{303}n Thi\u{323} Hươ\u{300}ng, Đặng Quô\u{301}c Viê\u{323}t, Hoa\u{300}ng"
        .nfc()
        .collect::<String>();
    let split: String = typed
        .chars()
        .flat_map(|c| {
            tables::parts(c)
                .map_or(vec![c], |parts| [Some(parts.letter), parts.tone].into_iter().flatten().collect())
        })
        .collect();
    let (bytes, _, failed) = WINDOWS_1258.encode(&split);
    assert!(!failed);
    assert_eq!(
        (detect(&bytes), Encoding::Windows1258.decode(&bytes)),
        (Some(Encoding::Windows1258), Some(typed))
    );
    let wide: Vec<u8> = NAMES.join("\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(detect(&wide), Some(Encoding::Utf16Le));
    let wide: Vec<u8> = "\u{feff}Họ tên".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(
        (detect(&wide), Encoding::Utf16Be.decode(&wide).as_deref()),
        (Some(Encoding::Utf16Be), Some("Họ tên"))
    );
}

#[test]
fn good_text_is_never_taken_for_an_old_encoding() {
    let french = "À côté du théâtre, Hélène a déjà vu l'été où François naît; garçon, Noël, maïs, élève, père, forêt, œuvre";
    let signs = "12 m², 30 °C, 5 µm, ± 2, 3 × 4, «thử», © 2026, § 3, ½ giờ, naïve café";
    let simple = "là và có thì cô bé, Hà Nam, bà, má, xã";
    for good in [&NAMES.join(", "), french, signs, simple, "plain ASCII, nothing else", "", "漢字 表"] {
        assert_eq!(detect_text(&[good]), None, "{good}");
        assert_eq!(detect(good.as_bytes()), Some(Encoding::Utf8), "{good}");
    }
    let latin = encoding_rs::WINDOWS_1252.encode(french).0;
    assert_eq!(detect(&latin), None, "French in windows-1252 is none of ours, and is not guessed");
    assert_eq!(detect(&[0xFE, 0x80, 0x81, 0x82]), None);
}

#[test]
fn old_text_beside_good_text_is_told_as_mixed() {
    let kept: Vec<String> = NAMES.iter().take(4).map(|name| Encoding::Tcvn3.encode(name).unwrap()).collect();
    let mut samples: Vec<&str> = kept.iter().map(String::as_str).collect();
    samples.extend(["Phạm Thị Bưởi", "Vũ Đình Chiến"]);
    let found = detect_text(&samples).unwrap();
    assert!(found.encoding == Encoding::Tcvn3 && found.mixed, "{found:?}");
}
