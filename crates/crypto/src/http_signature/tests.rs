#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::hash;
use crate::sign::{Algorithm, PrivateKey, PublicKey};

fn component<'a>(id: &'a str, value: &'a str) -> Component<'a> {
    Component { id: id.into(), value: value.into() }
}

fn public_key(base64: &str) -> PublicKey {
    PublicKey::from_spki_der(&b64::decode(base64).unwrap()).unwrap()
}

fn params() -> Params {
    Params {
        created: 1_795_000_000,
        expires: 1_795_000_060,
        nonce: "6LdO2m8yR1".to_owned(),
        keyid: hex::encode([7; 32]),
        alg: "ed25519".to_owned(),
        tag: "lienthong-request-1".to_owned(),
    }
}

/// The examples of RFC 9421, appendix B.2, with the keys of appendix B.1.
mod rfc_9421 {
    use super::*;

    const ED25519_KEY: &str = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
    const P256_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM\
                            4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==";
    const RSA_PSS_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rj\
                               xa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIF\
                               PNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6\
                               LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdD\
                               Op9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB";

    fn ed25519_base() -> String {
        let components = [
            component("\"date\"", "Tue, 20 Apr 2021 02:07:55 GMT"),
            component("\"@method\"", "POST"),
            component("\"@path\"", "/foo"),
            component("\"@authority\"", "example.com"),
            component("\"content-type\"", "application/json"),
            component("\"content-length\"", "18"),
        ];
        let input = r#"("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
        base(&components, input)
    }

    #[test]
    fn the_ed25519_request_of_b_2_6_has_the_printed_base_and_a_good_signature() {
        let expected = r#""date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
        assert_eq!(ed25519_base(), expected);
        let header = "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
        let signature = parse_signature(header, "sig-b26").unwrap();
        let key = public_key(ED25519_KEY);
        assert_eq!(key.verify(expected.as_bytes(), &signature), Ok(()));
        assert!(key.verify(expected.replace("POST", "GET").as_bytes(), &signature).is_err());
        assert_eq!(signature_value("sig-b26", &signature), header);
    }

    #[test]
    fn signing_the_ed25519_request_gives_the_printed_signature() {
        // The private key of appendix B.1.4 without its PEM frame.
        let key = b64::decode("MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF").unwrap();
        let key = PrivateKey::from_pkcs8(key.into()).unwrap();
        let printed =
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
        assert_eq!(b64::encode(&key.sign(ed25519_base().as_bytes()).unwrap()), printed);
    }

    #[test]
    fn the_ecdsa_response_of_b_2_4_has_the_printed_base_and_a_good_signature() {
        let digest = "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:";
        let components = [
            component("\"@status\"", "200"),
            component("\"content-type\"", "application/json"),
            component("\"content-digest\"", digest),
            component("\"content-length\"", "23"),
        ];
        let input = r#"("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#;
        let expected = r#""@status": 200
"content-type": application/json
"content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:
"content-length": 23
"@signature-params": ("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#;
        assert_eq!(base(&components, input), expected);
        let header = "sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:";
        let signature = parse_signature(header, "sig-b24").unwrap();
        let key = public_key(P256_KEY);
        assert_eq!(key.algorithm(), Algorithm::EcdsaP256Sha256);
        assert_eq!(key.verify(expected.as_bytes(), &signature), Ok(()));
        assert!(key.verify(expected.replace("200", "500").as_bytes(), &signature).is_err());
        // The example's body hashes to the digest that it covers.
        let body = hash::sha512(&[br#"{"message": "good dog"}"#]);
        assert_eq!(digest, format!("sha-512=:{}:", b64::encode(&body)));
    }

    #[test]
    fn the_rsa_pss_request_of_b_2_1_has_a_good_signature() {
        let input = r#"();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#;
        let base = base(&[], input);
        assert_eq!(base, format!("\"@signature-params\": {input}"));
        let header = "sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8U\
                      dx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKh\
                      O4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV\
                      5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:";
        let signature = parse_signature(header, "sig-b21").unwrap();
        let key = public_key(RSA_PSS_KEY);
        assert_eq!(key.algorithm(), Algorithm::RsaPssSha512);
        assert_eq!(key.verify(base.as_bytes(), &signature), Ok(()));
        assert!(key.verify(b"", &signature).is_err());
    }
}

#[test]
fn a_response_covers_the_requests_signature() {
    let ids = ["\"@status\"", "\"signature\";req;key=\"lt\""];
    let value = input_value(&ids, &params());
    let keyid = "07".repeat(32);
    let expected = format!(
        "(\"@status\" \"signature\";req;key=\"lt\");created=1795000000;expires=1795000060;nonce=\"6LdO2m8yR1\";\
         keyid=\"{keyid}\";alg=\"ed25519\";tag=\"lienthong-request-1\""
    );
    assert_eq!(value, expected);
    let header = format!("lt={value}");
    let (found, read, text) = parse_input(&header, "lt").unwrap();
    assert_eq!(found, ids);
    assert_eq!(read, params());
    assert_eq!(text, value);
}

#[test]
fn a_line_break_in_a_value_cannot_make_another_line() {
    let forged = component("\"x-road-id\"", " 1\r\n\"@method\": GET\n");
    let base = base(&[forged], "()");
    assert_eq!(base, "\"x-road-id\": 1 \"@method\": GET\n\"@signature-params\": ()");
}

#[test]
fn an_input_outside_the_profile_is_refused() {
    let good = format!("lt={}", input_value(&["\"@method\"", "\"x-road-id\""], &params()));
    assert!(parse_input(&good, "lt").is_ok());
    let cases = [
        ("lt=", "other="),                                  // another label
        ("lt=", "lt= "),                                    // white space
        ("\"@method\" ", "\"@method\"  "),                  // two spaces
        ("\"x-road-id\"", "\"X-Road-Id\""),                 // upper case
        ("\"x-road-id\"", "\"@method\""),                   // twice
        ("\"x-road-id\"", "\"x-road-id\";sf"),              // unknown component parameter
        ("\"x-road-id\"", "\"x-road-id\";key=\"a\";req"),   // component parameters in another order
        ("\"x-road-id\"", "\"@signature-params\""),         // covers itself
        ("\"x-road-id\"", "x-road-id"),                     // no string
        ("\"x-road-id\"", "\"\""),                          // no name
        ("created=", "created=0"),                          // leading zero
        ("created=", "created=-"),                          // before 1970
        ("created=1795000000", "created=1795000000.0"),     // a decimal
        ("created=1795000000", "created=1000000000000000"), // 16 digits
        ("created=1795000000", "created=99999999999999999999"),
        (";created=1795000000", ""), // missing
        (";expires=1795000060", ""),
        ("nonce=\"6LdO2m8yR1\"", "nonce=\"\""),       // empty
        ("nonce=\"6LdO2m8yR1\"", "nonce=\"a\\\"b\""), // escapes
        ("nonce=\"6LdO2m8yR1\"", "nonce=\"a b\""),    // white space
        ("nonce=\"6LdO2m8yR1\"", "nonce=\"é\""),
        ("nonce=\"6LdO2m8yR1\"", "nonce=abc"), // a token
        (";alg=\"ed25519\"", ""),
        (";tag=\"lienthong-request-1\"", ";tag=\"lienthong-request-1\";more=1"),
        (";tag=\"lienthong-request-1\"", ";tag=\"lienthong-request-1\", sig2=()"),
    ];
    for (from, to) in cases {
        let wrong = good.replacen(from, to, 1);
        assert_ne!(wrong, good, "{from:?} is not in the header");
        assert!(parse_input(&wrong, "lt").is_err(), "{wrong} was accepted");
    }
    let long = good.replace("6LdO2m8yR1", &"n".repeat(TEXT_BYTES_MAX + 1));
    assert!(parse_input(&long, "lt").is_err());
    let huge = good.replace("6LdO2m8yR1", &"n".repeat(HEADER_BYTES_MAX));
    assert!(matches!(parse_input(&huge, "lt"), Err(HttpSignatureError::TooLong(_))));
    let ids: Vec<String> = (0..=COMPONENTS_MAX).map(|n| format!("\"c{n}\"")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let many = format!("lt={}", input_value(&ids, &params()));
    assert_eq!(parse_input(&many, "lt"), Err(HttpSignatureError::TooManyComponents));
}

#[test]
fn a_signature_is_read_in_one_form_only() {
    assert_eq!(parse_signature("lt=:aGk=:", "lt").unwrap(), b"hi");
    for wrong in [
        "",
        "lt",
        "lt=",
        "lt=:",
        "lt=:aGk=",
        "lt=:aGk:",
        "lt=aGk=",
        "x=:aGk=:",
        "lt=:aGk=:;a=1",
        "lt=:aGk=:, x=:aGk=:",
        "lt=: aGk=:",
        "lt=:é:",
    ] {
        assert!(parse_signature(wrong, "lt").is_err(), "{wrong:?} was accepted");
    }
}

#[test]
fn a_content_digest_is_one_sha_256() {
    // RFC 9530, appendix A and section 2: the digest of `{"hello": "world"}` and a line feed.
    let digest = hash::sha256(&[b"{\"hello\": \"world\"}\n"]);
    assert_eq!(content_digest(&digest), "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
    assert_eq!(parse_content_digest(&content_digest(&digest)), Ok(digest));
    assert_eq!(parse_content_digest("sha-256=:aGk=:"), Err(HttpSignatureError::DigestLength(2)));
    assert!(parse_content_digest("sha-512=:aGk=:").is_err());
    assert!(parse_content_digest(&format!("{}, sha-512=:aGk=:", content_digest(&digest))).is_err());
}

/// What every accepted input must satisfy: the text is the canonical one, to us and to an RFC 9651 library.
fn accepted_means_canonical(header: &str) {
    use sfv::FieldType as _;
    let Ok((ids, params, value)) = parse_input(header, "lt") else { return };
    assert_eq!(input_value(&ids, &params), value);
    assert_eq!(format!("lt={value}"), header);
    let dictionary: sfv::Dictionary = sfv::Parser::new(header).parse().unwrap();
    assert_eq!(dictionary.len(), 1);
    assert_eq!(dictionary.serialize().unwrap(), header);
}

#[test]
fn no_header_makes_a_parser_panic() {
    bolero::check!().with_type::<String>().for_each(|text: &String| {
        accepted_means_canonical(text);
        accepted_means_canonical(&format!("lt=({text}"));
        for header in [text.clone(), format!("lt=:{text}:"), format!("sha-256=:{text}:")] {
            if let Ok(signature) = parse_signature(&header, "lt") {
                assert_eq!(signature_value("lt", &signature), header);
            }
            if let Ok(digest) = parse_content_digest(&header) {
                assert_eq!(content_digest(&digest), header);
            }
        }
        base(&[component(text, text)], text);
    });
}

prop_compose! {
    fn any_params()(
        created in 0..1_000_000_000_000_000_i64,
        expires in 0..1_000_000_000_000_000_i64,
        nonce in "[!#-\\[\\]-~]{1,128}",
        keyid in "[0-9a-f]{64}",
        alg in "[a-z0-9-]{1,20}",
        tag in "[!#-\\[\\]-~]{1,30}",
    ) -> Params {
        Params { created, expires, nonce, keyid, alg, tag }
    }
}

fn any_ids() -> impl Strategy<Value = BTreeSet<String>> {
    proptest::collection::btree_set("\"@?[a-z][a-z0-9-]{0,20}\"(;req)?(;key=\"[a-z]{1,8}\")?", 0..12)
        .prop_map(|mut ids| {
            ids.retain(|id| !id.starts_with("\"@signature-params"));
            ids
        })
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(ids in any_ids(), params in any_params()) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let value = input_value(&ids, &params);
        let header = format!("lt={value}");
        prop_assert_eq!(parse_input(&header, "lt"), Ok((ids.clone(), params, value.as_str())));
        accepted_means_canonical(&header);
    }

    #[test]
    fn an_altered_input_is_refused_or_still_canonical(
        ids in any_ids(),
        params in any_params(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), "[ ;=\"()a-z0-9:,\\\\é\t-]?"), 1..4),
    ) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut header: Vec<String> = format!("lt={}", input_value(&ids, &params)).chars().map(String::from).collect();
        for (place, with) in edits {
            let place = place.index(header.len());
            header[place] = with;
        }
        accepted_means_canonical(&header.concat());
    }

    #[test]
    fn signatures_and_digests_are_read_back(signature in proptest::collection::vec(any::<u8>(), 0..600), digest: [u8; 32]) {
        prop_assert_eq!(parse_signature(&signature_value("lt", &signature), "lt"), Ok(signature));
        prop_assert_eq!(parse_content_digest(&content_digest(&digest)), Ok(digest));
    }

    #[test]
    fn a_base_has_one_line_for_each_component(values in proptest::collection::vec(".*|[\r\n a]*", 0..5)) {
        let components: Vec<_> = values.iter().map(|value| component("\"a\"", value)).collect();
        prop_assert_eq!(base(&components, "()").split('\n').count(), values.len() + 1);
    }
}
