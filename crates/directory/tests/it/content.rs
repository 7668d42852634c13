//! The content file.

use directory::content::{Content, Group};
use directory::mistake::MISTAKES_MAX;
use serde_json::{Value, json};

use crate::support::{DAY, NOW, ca, certificate, content, id};

fn tree(content: &Content) -> Value {
    serde_json::from_str(&content.to_json()).unwrap()
}

fn mistakes(tree: &Value) -> Vec<String> {
    let error = Content::parse(tree.to_string().as_bytes()).unwrap_err();
    error.list().iter().map(ToString::to_string).collect()
}

#[test]
fn a_content_reads_its_own_file() {
    let content = content();
    assert_eq!(Content::parse(content.to_json().as_bytes()).unwrap(), content);
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once() {
    let mut file = tree(&content());
    file["format"] = json!("lienthong-directory/2");
    file["created"] = json!("2026-11-21T03:00:00.5Z");
    file["colour"] = json!("red");
    file["members"][0]["id"] = json!("VN-DEMO/GOV/G 1");
    file["members"][1]["name"] = json!("");
    file["members"][1]["signing_certificates"][0] = json!("bm90IGEgY2VydGlmaWNhdGU=");
    let system = file["members"][1]["subsystems"][0].clone();
    file["members"][1]["subsystems"].as_array_mut().unwrap().push(system);
    file["nodes"][1]["addresses"][0] = json!("127.0.0.1:0");
    file["nodes"][1]["subsystems"][0] = json!("VN-DEMO/GOV/H17/NIEMYET");
    file["nodes"][1]["maintenance"] = Value::Null;
    file["authorities"][0]["crl_url"] = json!("ftp://ca.vi-du.vn/");
    file["timestamp_authorities"][0].as_object_mut().unwrap().remove("url");
    file["groups"] = json!({});
    let found = mistakes(&file);
    let expected = [
        "format: ",
        "created: ",
        "members[0].id: ",
        "members[1].signing_certificates[0]: ",
        "nodes[1].maintenance: ",
        "timestamp_authorities[0].url: is missing",
        "groups: must be a list",
        "colour: is not a known field",
        "members[1].name: is empty",
        "members[1].subsystems[1].code: MOTCUA stands already at members[1].subsystems[0].code",
        // The first node's owner is the member whose identifier is broken.
        "nodes[0].id: ",
        "nodes[0].subsystems[0]: ",
        "nodes[1].addresses[0]: ",
        "nodes[1].subsystems[0]: there is no subsystem VN-DEMO/GOV/H17/NIEMYET",
        "authorities[0].crl_url: ",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} does not begin with {expected}");
    }
}

#[test]
fn a_certificate_belongs_to_one_member_or_node_only() {
    let mut file = tree(&content());
    file["members"][1]["signing_certificates"] = file["members"][0]["signing_certificates"].clone();
    file["nodes"][1]["tls_certificates"] = file["nodes"][0]["tls_certificates"].clone();
    let found = mistakes(&file);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("members[0].signing_certificates[0]"), "{}", found[0]);
    assert!(found[1].contains("nodes[0].tls_certificates[0]"), "{}", found[1]);
}

#[test]
fn entries_of_another_instance_are_refused() {
    let mut content = content();
    content.put_member(id("VN/GOV/G02"), "Bộ Tư pháp");
    content.put_group(Group { id: id("VN/TINH"), parties: vec![id("VN-DEMO/GOV/G99")] });
    let mistakes = content.check().unwrap_err();
    let places: Vec<&str> = mistakes.list().iter().map(|mistake| mistake.path.as_str()).collect();
    assert_eq!(places, ["members[2].id", "groups[1].id", "groups[1].parties[0]"]);
}

#[test]
fn a_revocation_list_must_come_from_an_authority_of_the_directory() {
    let mut stranger = content();
    stranger.put_crl(ca("CA LA").crl(NOW, NOW.plus_secs(DAY)).unwrap());
    assert!(stranger.check().unwrap_err().to_string().contains("no authority"));
    let mut forged = content();
    // Same name, another key.
    forged.put_crl(ca("CA VN-DEMO").crl(NOW, NOW.plus_secs(DAY)).unwrap());
    assert_eq!(forged.crls.len(), 1, "the list of the same issuer is replaced");
    assert!(forged.check().unwrap_err().to_string().contains("not signed by its issuer"));
}

#[test]
fn a_field_given_twice_is_refused() {
    let text = content().to_json().replacen("\"number\": 0", "\"number\": 0, \"number\": 1", 1);
    assert!(Content::parse(text.as_bytes()).unwrap_err().to_string().contains("given twice"));
}

#[test]
fn a_removal_leaves_no_reference_behind() {
    let whole = content();
    let mut without_member = whole.clone();
    without_member.remove_member(&id("VN-DEMO/GOV/H17")).unwrap();
    without_member.check().unwrap();
    assert_eq!((without_member.nodes.len(), without_member.groups[0].parties.len()), (1, 1));
    let mut without_system = whole.clone();
    without_system.remove_subsystem(&id("VN-DEMO/GOV/H17/MOTCUA")).unwrap();
    without_system.check().unwrap();
    let mut without_authority = whole.clone();
    without_authority.remove_authority("CA VN-DEMO").unwrap();
    without_authority.check().unwrap();
    assert!(without_authority.crls.is_empty());
    let mut without_certificate = whole.clone();
    let fingerprint = whole.members[0].signing_certificates[0].fingerprint();
    without_certificate.remove_certificate(&fingerprint).unwrap();
    assert!(without_certificate.members[0].signing_certificates.is_empty());
}

#[test]
fn a_change_of_what_does_not_exist_is_refused() {
    let mut changed = content();
    let nobody = id("VN-DEMO/GOV/X");
    assert!(changed.remove_member(&nobody).is_err());
    assert!(changed.put_subsystem(&nobody, &id("S"), "S").is_err());
    assert!(changed.put_signing_certificate(&nobody, certificate("x")).is_err());
    assert!(changed.remove_node(&id("VN-DEMO/GOV/X/N")).is_err());
    assert!(changed.remove_group(&id("VN-DEMO/X")).is_err());
    assert!(changed.remove_certificate(&[0; 32]).is_err());
    assert_eq!(
        changed.remove_authority("X").unwrap_err().to_string(),
        "there is no authority X in the directory"
    );
    assert!(changed.remove_timestamp_authority("X").is_err());
}

#[test]
fn a_hostile_file_cannot_pile_up_mistakes_without_end() {
    let file = json!({"members": vec![1; 5_000]});
    let mistakes = Content::parse(file.to_string().as_bytes()).unwrap_err();
    assert_eq!(mistakes.list().len(), 4, "without an instance there is nothing to look at");
    let mut file = tree(&content());
    file["members"] = json!(vec![1; 5_000]);
    let mistakes = Content::parse(file.to_string().as_bytes()).unwrap_err();
    assert_eq!(mistakes.list().len(), MISTAKES_MAX);
    assert!(mistakes.count() >= 5_000);
}

#[test]
fn no_bytes_make_the_reader_panic() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let _ = Content::parse(bytes);
    });
}

#[test]
fn no_damage_to_a_good_file_makes_the_reader_panic() {
    let good = content().to_json().into_bytes();
    let damage = bolero::generator::produce::<Vec<(u16, u8, bool)>>();
    bolero::check!().with_generator(damage).for_each(|damage| {
        let mut bytes = good.clone();
        for (at, byte, insert) in damage {
            let at = usize::from(*at) % bytes.len();
            if *insert { bytes.insert(at, *byte) } else { bytes[at] = *byte }
        }
        if let Ok(content) = Content::parse(&bytes) {
            content.check().unwrap();
            assert_eq!(Content::parse(content.to_json().as_bytes()).unwrap(), content);
        }
    });
}

#[test]
fn nesting_without_end_is_refused() {
    assert!(Content::parse("[".repeat(1_000_000).as_bytes()).is_err());
}
