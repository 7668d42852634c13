//! Evidence of real calls, checked by ourselves and by others, and logs that somebody altered.

use std::path::{Path, PathBuf};

use crypto::certificate::Certificate;
use evidence::verify::{Claim, Outcome, verify};
use serde_json::Value;

use crate::harness::{Options, Sandbox, run, wait};
use crate::rig::{Load, StampingAuthority, python, sql};

const CHECK: &str = "crates/evidence/tests/foreign/check_evidence.py";

/// Exports the evidence of a call from a node's log.
fn export(sandbox: &Sandbox, role: &str, id: &str) -> PathBuf {
    let file = sandbox.dir.path().join(format!("{role}-{id}.evidence.json"));
    let config = sandbox.fact(&format!("{role}_config"));
    let args =
        ["evidence", "export", "--id", id, "--config", config, "--force", "-o", file.to_str().unwrap()];
    let (code, output) = run(&args);
    assert_eq!(code, 0, "{output}");
    file
}

/// The authority of the members' certificates: PEM.
fn authority(sandbox: &Sandbox) -> PathBuf {
    Path::new(sandbox.fact("repository")).parent().unwrap().join("ca/ca.pem")
}

/// The foreign program and our own command say the same about a file.
fn assert_both(file: &Path, trust: &[&Path], good: bool) {
    let mut args = vec![file.to_str().unwrap()];
    for path in trust {
        args.extend(["--trust", path.to_str().unwrap()]);
    }
    let (accepted, said) = python(CHECK, &args);
    assert_eq!(accepted, good, "{said}");
    let (code, output) = run(&[&["evidence", "verify"], &args[..]].concat());
    assert_eq!(code, i32::from(!good), "{output}");
}

#[test]
fn evidence_of_single_signatures_is_accepted_by_a_foreign_program_and_altered_is_not() {
    let sandbox = Sandbox::start(&Options { sign_single: true, ..Options::default() });
    assert_eq!(sandbox.call("don-1", "thu", "/049").status, 200);
    let ca = authority(&sandbox);
    for role in ["consumer", "provider"] {
        let file = export(&sandbox, role, "don-1");
        assert_both(&file, &[&ca], true);
    }
    let file = export(&sandbox, "consumer", "don-1");
    every_flipped_byte_is_found(&file, &ca);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("GOV/H17/MOTCUA", "GOV/H18/MOTCUA", 1)).unwrap();
    assert_both(&file, &[&ca], false);
}

fn every_flipped_byte_is_found(file: &Path, ca: &Path) {
    let good = std::fs::read(file).unwrap();
    let trust = [Certificate::from_pem(&std::fs::read_to_string(ca).unwrap()).unwrap()];
    assert!(verify(&good, Some(&trust)).ok());
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1 << (place % 8);
        assert!(!verify(&bad, Some(&trust)).ok(), "byte {place} of {}", good.len());
    }
}

#[test]
fn evidence_of_batches_with_a_time_stamp_is_accepted_by_a_foreign_program() {
    let tsa = StampingAuthority::start();
    let timestamp = Some((tsa.url.clone(), tsa.root()));
    let sandbox = Sandbox::start(&Options { timestamp, ..Options::default() });
    let load = Load::start(&sandbox, 8);
    let in_batch = |record: &Value| {
        let member = |head: &Value| head["batch"].as_str().is_some_and(|b| !b.contains("size=1,"));
        member(&record["request"]) && member(&record["response"])
    };
    let mut found = None;
    wait(|| {
        found = sandbox.list("consumer").into_iter().find(in_batch);
        found.is_some()
    });
    load.finish();
    let id = found.unwrap()["id"].as_str().unwrap().to_owned();
    let (ca, root) = (authority(&sandbox), tsa.root());
    for role in ["consumer", "provider"] {
        wait(|| sandbox.audit(role)["stamped"].as_u64() > Some(0));
        let mut file = PathBuf::new();
        wait(|| {
            file = export(&sandbox, role, &id);
            verify(&std::fs::read(&file).unwrap(), None).result(Claim::Timestamp) == Some(Outcome::Passed)
        });
        assert_both(&file, &[&ca, &root], true);
        assert_both(&file, &[&ca], false);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replacen("index=", "index=1", 1)).unwrap();
        assert_both(&file, &[&ca, &root], false);
    }
}

#[test]
fn an_audit_names_the_first_record_that_was_altered() {
    let mut sandbox = Sandbox::start(&Options::default());
    let load = Load::start(&sandbox, 8);
    // The provider's log has two records a call; from 256 on the tree has stored nodes.
    wait(|| load.answered() > 160);
    load.finish();
    drop(sandbox.consumer.take());
    assert_eq!(sandbox.provider.take().unwrap().terminate(), Some(0));
    let whole = sandbox.audit("provider");
    let size = whole["records"].as_i64().unwrap();
    assert!(size > 300 && whole["signatures"].as_i64() >= Some(size), "{whole}");

    let (url, log) = (sandbox.log_url("provider"), sandbox.node_dir("provider").join("log.db"));
    sql(&url, "PRAGMA wal_checkpoint(TRUNCATE)");
    let copy = log.with_extension("copy");
    std::fs::copy(&log, &copy).unwrap();
    let last = "(SELECT min(size) FROM checkpoint WHERE size > 100)";
    let swap = |column: &str| format!("(SELECT {column} FROM record WHERE seq = 9)");
    for (what, statement, names) in [
        ("a text", "UPDATE record SET text = replace(text, 'H17', 'H18') WHERE seq = 7".into(), Some(7)),
        ("a hash", "UPDATE record SET leaf = zeroblob(32) WHERE seq = 8".into(), Some(8)),
        ("a key", "UPDATE record SET id_key = 1 WHERE seq = 6".into(), Some(6)),
        // Consistent in itself: only the tree over the log tells.
        (
            "a whole row",
            format!(
                "UPDATE record SET text = {}, leaf = {}, id_key = {} WHERE seq = 5",
                swap("text"),
                swap("leaf"),
                swap("id_key")
            ),
            None,
        ),
        ("a row less", "DELETE FROM record WHERE seq = 11".into(), Some(11)),
        ("the end cut off", format!("DELETE FROM record WHERE seq >= {}", size - 3), Some(size - 3)),
        ("a node", "UPDATE tree_node SET hash = zeroblob(32) WHERE level = 8 AND idx = 0".into(), Some(255)),
        (
            "a checkpoint",
            format!("UPDATE checkpoint SET text = replace(text, 'G01', 'G02') WHERE size = {last}"),
            None,
        ),
        ("a signature", format!("UPDATE checkpoint SET signature = zeroblob(70) WHERE size = {last}"), None),
    ] {
        restore(&copy, &log);
        sql(&url, &statement);
        let (code, output) =
            run(&["evidence", "audit", "--json", "--config", sandbox.fact("provider_config")]);
        assert_eq!(code, 1, "{what}: {output}");
        let line = output.lines().find(|line| line.starts_with('{')).unwrap();
        let found = serde_json::from_str::<Value>(line).unwrap()["broken"].take();
        match names {
            Some(record) => assert_eq!(found["record"], record, "{what}: {found}"),
            // The first checkpoint from there on.
            None => assert!((5..size).contains(&found["record"].as_i64().unwrap()), "{what}: {found}"),
        }
    }
    restore(&copy, &log);
    assert_eq!(sandbox.audit("provider"), whole);
}

fn restore(copy: &Path, log: &Path) {
    for beside in ["db-wal", "db-shm"] {
        // They are there only while the log is open.
        let _ = std::fs::remove_file(log.with_extension(beside));
    }
    std::fs::copy(copy, log).unwrap();
}
