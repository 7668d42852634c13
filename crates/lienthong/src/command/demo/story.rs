//! One connection from the first question to the renewed grant, by real requests to a running registry and gateway.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use base::{Clock as _, SystemClock, Ts};
use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::FAMILY;
use super::data::of_population;
use super::office::{Answer, Body, Office};
use super::people::{DATA_OWNER, DEPARTMENT, OPERATOR, PROVINCE_SECURITY, SIGNS};
use super::seed::{self, DEPARTMENT_CODE};
use crate::sandbox::{CONSUMER, SECOND_SUBSYSTEM};

/// Why the department asks; each call says so.
pub const PURPOSE: &str = "dang-ky-ho-tich";
/// Calls of a day that the department asks for: few, so that they are soon used up.
const QUOTA: u64 = 3;
/// What the department needs, after the refusal.
const NEEDED: [&str; 5] = ["soDinhDanh", "hoTen", "ngaySinh", "cha", "me"];
/// What was missing when the connection was to go live.
const MISSING: &str = "security_minutes";
/// The gateway follows the registry within a second; more is a fault.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(10);
/// How soon the shortened grant ends.
const ENDS_IN_S: i64 = 2;

/// One thing that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chapter {
    /// Short name, for scripts.
    pub what: String,
    /// Who did it.
    pub who: String,
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
    /// What came of it: a number, a code, a list of fields.
    pub outcome: String,
}

/// The story while it happens.
pub struct Story<'a> {
    office: &'a Office,
    /// Where the department's system asks, with the service and a person's number.
    call: String,
    chapters: Vec<Chapter>,
}

/// The department's system.
pub fn consumer() -> String {
    format!("{CONSUMER}/{SECOND_SUBSYSTEM}")
}

impl<'a> Story<'a> {
    /// A story of calls about a person.
    pub fn new(office: &'a Office, ask_base: &str, number: &str) -> Self {
        let call = format!("{ask_base}/r1/{}/{number}", seed::service(FAMILY));
        Self { office, call, chapters: Vec::new() }
    }

    /// Lives through it.
    pub async fn tell(mut self) -> anyhow::Result<Vec<Chapter>> {
        self.refused_at_the_gateway().await?;
        self.refused_by_the_owner().await?;
        let request = self.corrected().await?;
        let grant = self.through_the_gate(&request).await?;
        self.cut().await?;
        self.quota().await?;
        self.expires_and_is_renewed(&grant).await?;
        Ok(self.chapters)
    }

    fn note(&mut self, (what, who): (&str, &str), (vi, en): (&str, &str), outcome: impl Into<String>) {
        let chapter = Chapter {
            what: what.into(),
            who: who.into(),
            vi: vi.into(),
            en: en.into(),
            outcome: outcome.into(),
        };
        println!("{}", line(self.chapters.len() + 1, &chapter));
        self.chapters.push(chapter);
    }

    /// The department's system calls.
    async fn calls(&self) -> anyhow::Result<Answer> {
        let headers = [("x-road-client", consumer()), ("lienthong-purpose", PURPOSE.to_owned())];
        self.office.send(Method::GET, &self.call, &headers, Body::Nothing).await
    }

    /// Calls until the gateway answers so: with a code, or well.
    async fn calls_until(&self, wanted: Option<&str>) -> anyhow::Result<Answer> {
        let calling = async {
            loop {
                let answer = self.calls().await?;
                if answer.error.as_deref() == wanted {
                    return anyhow::Ok(answer);
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let wanted = wanted.unwrap_or("200");
        tokio::time::timeout(FOLLOWS_WITHIN, calling)
            .await
            .with_context(|| format!("{wanted} did not come"))?
    }

    async fn refused_at_the_gateway(&mut self) -> anyhow::Result<()> {
        let answer = self.calls().await?;
        let code = answer.error.context("a call without a grant is refused")?;
        self.note(
            ("call_refused", &consumer()),
            (
                "Sở Tư pháp gọi thử khi chưa được cấp quyền: bị từ chối",
                "The department calls without a grant: refused",
            ),
            code,
        );
        Ok(())
    }

    /// All fields are asked for, and the owner says no, with a reason.
    async fn refused_by_the_owner(&mut self) -> anyhow::Result<()> {
        let all = seed::fields(&of_population(FAMILY)?)?;
        let id = seed::asks(self.office, DEPARTMENT, &seed::wish(&consumer(), &all, &terms())).await?;
        self.note(
            ("requested", DEPARTMENT),
            ("Đăng ký kết nối, xin mọi trường", "Asks for a connection, for every field"),
            format!("{id}: {}", all.join(", ")),
        );
        seed::goes_to(self.office, DEPARTMENT, &id, &["data_owner"]).await?;
        self.note(
            ("signed", SIGNS),
            (
                "Đơn vị CNTT kiểm tra, lãnh đạo thành phố ký đề nghị",
                "The IT unit checks, the city's leader signs",
            ),
            id.clone(),
        );
        let reason = "Phạm vi trường rộng hơn mục đích đăng ký hộ tịch";
        let refuse =
            json!({ "decision": "refuse", "reason": reason, "legal_basis": "Điều 3 Luật 91/2025/QH15" });
        self.office.does(DATA_OWNER, (&format!("/requests/{id}"), "/steps"), &refuse).await?;
        let board = self.office.get("/hoarding").await?.body;
        let counted = board[0]["refused"].as_array().map_or(0, Vec::len);
        self.note(
            ("refused", DATA_OWNER),
            (
                "Chủ quản dữ liệu từ chối, nêu lý do và căn cứ; được thống kê",
                "The data owner refuses, with reason and legal basis; counted",
            ),
            format!("{reason} (từ chối / refusals: {counted})"),
        );
        Ok(())
    }

    async fn corrected(&mut self) -> anyhow::Result<String> {
        let needed = NEEDED.map(str::to_owned);
        let id = seed::asks(self.office, DEPARTMENT, &seed::wish(&consumer(), &needed, &terms())).await?;
        self.note(
            ("corrected", DEPARTMENT),
            ("Đăng ký lại với đúng các trường cần", "Asks again, for the fields that are needed"),
            format!("{id}: {}", needed.join(", ")),
        );
        seed::goes_to(self.office, DEPARTMENT, &id, &["data_owner"]).await?;
        seed::approves(self.office, DATA_OWNER, &id).await?;
        self.note(
            ("approved", DATA_OWNER),
            ("Chủ quản dữ liệu đồng ý", "The data owner agrees"),
            format!("{QUOTA} lượt/ngày / calls a day"),
        );
        Ok(id)
    }

    /// The gate is closed while something is missing, and says what.
    async fn through_the_gate(&mut self, id: &str) -> anyhow::Result<String> {
        seed::shows_itself(self.office, &consumer(), MISSING).await?;
        seed::goes_to(self.office, DEPARTMENT, id, &["live"]).await?;
        let (thing, yes) = (format!("/requests/{id}"), json!({ "decision": "approve" }));
        let closed = self.office.tries(OPERATOR, Method::POST, (&thing, "/steps"), Body::Json(&yes)).await?;
        ensure!(closed.body["code"] == "EX-2013", "the gate is open without papers: {closed:?}");
        let missing = seed::missing(self.office, id).await?;
        self.note(
            ("gate_closed", OPERATOR),
            (
                "Chưa đưa vào vận hành được: cổng an toàn thiếu hồ sơ",
                "Cannot go live: the readiness gate misses papers",
            ),
            format!("EX-2013: {}", missing.join(", ")),
        );
        seed::shows(self.office, &consumer(), MISSING, None).await?;
        seed::clears(self.office, id).await?;
        self.note(
            ("papers_shown", PROVINCE_SECURITY),
            (
                "Nộp hồ sơ an toàn; người khác thẩm định, chấp nhận",
                "Files the papers; another person accepts them",
            ),
            missing.join(", "),
        );
        seed::approves(self.office, OPERATOR, id).await?;
        let grant = seed::grant_of(self.office, id).await?;
        self.note(
            ("live", OPERATOR),
            ("Đưa vào vận hành, cấp quyền khai thác", "Goes live, a grant is issued"),
            grant.clone(),
        );
        Ok(grant)
    }

    /// The answer has what was granted, and nothing else.
    async fn cut(&mut self) -> anyhow::Result<()> {
        let answer = self.calls_until(None).await?;
        let mut given: Vec<_> = answer.body.as_object().context("a person")?.keys().cloned().collect();
        given.sort_by_key(|field| NEEDED.iter().position(|needed| needed == field));
        let withheld: Vec<_> = seed::fields(&of_population(FAMILY)?)?
            .into_iter()
            .filter(|field| !given.contains(field))
            .collect();
        ensure!(given.iter().all(|field| NEEDED.contains(&&**field)), "more than granted: {given:?}");
        self.note(
            ("cut", &consumer()),
            (
                "Gọi được; câu trả lời cắt đúng các trường đã cấp",
                "The call works; the answer is cut to the granted fields",
            ),
            format!("{}; giữ lại / withheld: {}", given.join(", "), withheld.join(", ")),
        );
        Ok(())
    }

    async fn quota(&mut self) -> anyhow::Result<()> {
        let answer = self.calls_until(Some("EX-0309")).await?;
        let (vi, en) = ("Hết hạn mức trong ngày: bị từ chối", "The quota of the day is used up: refused");
        self.note(("quota_exceeded", &consumer()), (vi, en), answer.title());
        Ok(())
    }

    async fn expires_and_is_renewed(&mut self, grant: &str) -> anyhow::Result<()> {
        let thing = format!("/grants/{grant}");
        let mut shorter = self.office.get(&thing).await?.body["grant"]["terms"].clone();
        shorter["quota_day"] = json!(1000);
        shorter["until"] = json!(SystemClock.now().plus_secs(ENDS_IN_S));
        let change = json!({ "terms": shorter, "reason": "Nâng hạn mức, thời hạn thử ngắn" });
        let changed = self.office.tries(DATA_OWNER, Method::PATCH, (&thing, ""), Body::Json(&change)).await?;
        if !changed.status.is_success() {
            bail!("{thing}: {} {}", changed.status, changed.body);
        }
        self.calls_until(None).await?;
        self.note(
            ("quota_raised", DATA_OWNER),
            (
                "Nâng hạn mức, đặt thời hạn ngắn; lượt gọi kế tiếp được ngay",
                "Raises the quota, sets a short term; the next call works",
            ),
            format!("1000 lượt/ngày / calls a day, {ENDS_IN_S} s"),
        );
        let over = self.calls_until(Some("EX-0304")).await?;
        self.note(
            ("expired", &consumer()),
            ("Hết thời hạn: bị từ chối", "The grant ends: refused"),
            over.title(),
        );
        let until = a_year_from_now();
        let renew = json!({ "until": until, "reason": "Gia hạn theo đề nghị của Sở Tư pháp" });
        self.office.does(DATA_OWNER, (&thing, "/renew"), &renew).await?;
        self.calls_until(None).await?;
        self.note(
            ("renewed", DATA_OWNER),
            ("Gia hạn; gọi lại được, không đổi khóa", "Renewed; calls work again, with the same keys"),
            format!("{grant} đến / until {until}"),
        );
        Ok(())
    }
}

fn terms() -> Value {
    json!({ "purposes": [PURPOSE], "quota_day": QUOTA, "until": a_year_from_now() })
}

/// A year from now, in whole seconds.
pub fn a_year_from_now() -> Ts {
    Ts::from_secs(SystemClock.now().secs()).plus_secs(365 * 86_400)
}

/// A chapter as it is printed.
pub fn line(number: usize, chapter: &Chapter) -> String {
    let Chapter { who, vi, en, outcome, .. } = chapter;
    format!("{number:>3}. {vi}\n     {en}\n     {who} → {outcome}")
}

/// Who asks, for the head of the story.
pub fn head() -> String {
    format!("Sở Tư pháp ({DEPARTMENT_CODE}), {}", consumer())
}
