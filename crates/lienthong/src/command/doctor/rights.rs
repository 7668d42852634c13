//! The registry of another machine, where the node takes its rights from one: it answers, and what it says is believed.

use std::sync::Arc;

use base::{Clock as _, SystemClock};
use crypto::sign::FileKeyStore;
use directory::Snapshot;
use exchange::tls::Identity;
use tokio::sync::watch;

use super::local::Own;
use super::report::Report;
use crate::bridges::rights::freshness::AGING_AFTER_S;
use crate::bridges::rights::kept::Kept;
use crate::bridges::rights::remote::Asker;
use crate::command::keys::Usage;
use crate::config::{Config, RegistryElsewhere};

/// Asks the registry as the node does.
pub async fn registry(
    config: &Config,
    directory: &Arc<Snapshot>,
    (keys, own): (Option<&FileKeyStore>, &Own),
    report: &mut Report,
) {
    let Some(elsewhere) = &config.registry_elsewhere else { return };
    let name = ("Sổ đăng ký", "registry");
    let tls = own.iter().find(|(usage, _)| *usage == Usage::Tls);
    // Without key or certificate the checks before this one have said what to do.
    let (Some(keys), Some((_, certificate))) = (keys, tls) else { return };
    let Ok(identity) = Identity::new(keys, &config.keys.tls, certificate) else { return };
    let asker = Asker {
        registry: elsewhere.clone(),
        member: config.node.owner.clone(),
        identity,
        directory: watch::channel(Some(Arc::clone(directory))).1,
        standing: Arc::default(),
        clock: Arc::new(SystemClock),
    };
    let judged = asker.ask(None, 0).await.and_then(|answer| {
        let answer = answer.ok_or_else(|| anyhow::anyhow!("không có gì / nothing"))?;
        Ok(asker.judge(&answer)?)
    });
    match judged {
        Ok(snapshot) => {
            let (grants, number) = (snapshot.grants.len(), snapshot.number);
            report.good(name, format!("{}: số / number {number}, {grants} quyền / grants", elsewhere.url));
        }
        Err(error) => report.wrong(name, format!("{}: {error:#}", elsewhere.url), remedy(elsewhere)),
    }
    kept(config, report);
}

fn remedy(elsewhere: &RegistryElsewhere) -> (String, String) {
    (
        format!(
            "kiểm tra [rights] registry, registry_member, mạng; hỏi đơn vị vận hành sổ đăng ký ({})",
            elsewhere.member
        ),
        format!(
            "check [rights] registry, registry_member and the network; ask whoever runs the registry ({})",
            elsewhere.member
        ),
    )
}

/// How old the copy is with which the node would start while the registry is away.
fn kept(config: &Config, report: &mut Report) {
    let name = ("Quyền đã lưu", "rights kept on disk");
    let mut kept = Kept::new(&config.data_dir);
    match kept.load() {
        Ok(None) => report.good(name, "được lưu khi nút chạy lần đầu / kept when the node first runs"),
        Ok(Some(found)) => {
            let age_s = SystemClock.now().micros_since(found.confirmed) / 1_000_000;
            let detail = format!("xác nhận lúc / confirmed at {}", found.confirmed);
            if age_s >= i64::from(config.stale_after_s) {
                let remedy = (
                    "quá hạn stale_after_s: nút từ chối mọi cuộc gọi đến khi nghe lại sổ đăng ký",
                    "older than stale_after_s: the node refuses every call until it hears from the registry",
                );
                report.wrong(name, detail, remedy);
            } else if age_s >= 2 * AGING_AFTER_S {
                let remedy = (
                    "nút không chạy hoặc không nghe được sổ đăng ký; xem /readyz",
                    "the node does not run or does not hear the registry: see /readyz",
                );
                report.doubtful(name, detail, remedy);
            } else {
                report.good(name, detail);
            }
        }
        Err(error) => {
            let remedy = ("dừng nút, xóa thư mục, chạy lại", "stop the node, remove the folder, start it");
            report.wrong(name, format!("{}: {error}", kept.dir().display()), remedy);
        }
    }
}
