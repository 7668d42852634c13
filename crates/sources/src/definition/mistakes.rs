//! What is wrong with a definition in itself; nothing of the database is asked.

use std::collections::BTreeSet;

use super::{
    ANSWER_BYTES_MAX, CACHE_S_MAX, Changes, Definition, FORMAT, Field, Gives, How, LIST_ROWS_MAX, Limits,
    List, PAGE_ROWS_MAX, STATEMENT_MS_MAX,
};
use crate::encoding::Encoding;
use crate::engine::Address;
use crate::error::Mistake;
use crate::value::Kind;

impl Definition {
    /// Everything that is wrong.
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut all = self.head_mistakes();
        all.extend(self.field_mistakes("", &self.fields));
        let mentioned = self.named_fields();
        let unknown = mentioned.into_iter().filter(|(_, name)| self.field(name).is_none());
        all.extend(unknown.map(|(place, name)| {
            Mistake::new(place, format!("không có trường {name}"), format!("there is no field {name}"))
        }));
        all.extend(self.change_mistakes());
        all.extend(self.filter_mistakes());
        all.extend(self.verify_mistakes());
        all.extend(self.lists.iter().flat_map(|list| self.list_mistakes(list)));
        all.extend(self.encoding_mistakes());
        all.extend(self.import.mistakes(&self.url));
        all.extend(self.limits.mistakes());
        all.extend(crate::quality::rule::mistakes(self));
        all.extend(self.quality.iter().flat_map(crate::quality::Schedule::mistakes));
        all
    }

    /// Text of before Unicode can be asked for by its whole value, where each text is written in one way only.
    fn encoding_mistakes(&self) -> Vec<Mistake> {
        let mut all = Vec::new();
        let mut wrong = |place: String, vi: &str, en: &str| all.push(Mistake::new(place, vi, en));
        let in_lists = self.lists.iter().flat_map(|list| &list.fields);
        for field in self.fields.iter().chain(in_lists).filter(|field| field.encoding.is_some()) {
            if field.kind != Kind::Text || !field.encoding.is_some_and(Encoding::is_legacy) {
                let vi = "encoding là tcvn3, vni hoặc windows1258, cho trường text";
                let en = "encoding is tcvn3, vni or windows1258, for a field of text";
                wrong(format!("field {}", field.name), vi, en);
            }
        }
        let encoded = |name: &str| self.field(name).and_then(|field| field.encoding);
        let searchable = |name: &str| encoded(name).is_none_or(Encoding::is_searchable);
        let vi = "bảng mã của trường có nhiều cách ghi một chữ, không tìm được";
        let en = "the field's encoding writes a text in more ways than one, so that it cannot be searched";
        for name in self.service.look_up.iter().filter(|name| !searchable(name)) {
            wrong(format!("service.look_up {name}"), vi, en);
        }
        for filter in self.filters.iter().filter(|filter| encoded(&filter.field).is_some()) {
            let place = format!("filter {}", filter.parameter);
            if !searchable(&filter.field) {
                wrong(place, vi, en);
            } else if filter.how != How::Equals
                && !(filter.how == How::Prefix && encoded(&filter.field) == Some(Encoding::Tcvn3))
            {
                let vi = "trường có encoding chỉ tìm bằng equals (tcvn3: cả prefix)";
                wrong(place, vi, "a field with an encoding is searched with equals (tcvn3: prefix, too)");
            }
        }
        all
    }

    fn head_mistakes(&self) -> Vec<Mistake> {
        let mut all = Vec::new();
        let mut wrong = |place: &str, vi: &str, en: &str| all.push(Mistake::new(place, vi, en));
        if self.format != FORMAT {
            wrong("format", &format!("phải là {FORMAT}"), &format!("must be {FORMAT}"));
        }
        let parts = [("service.subsystem", &self.service.subsystem), ("service.code", &self.service.code)];
        for (place, _) in parts.into_iter().filter(|(_, text)| text.parse::<base::Part>().is_err()) {
            wrong(place, "không đúng dạng mã định danh", "is no part of an identifier");
        }
        if self.service.title_vi.trim().is_empty() {
            wrong("service.title_vi", "còn trống", "is empty");
        }
        if self.entity.key.is_empty() {
            let vi = "cần ít nhất một cột phân biệt các dòng; bảng không có khóa thì tạo chỉ mục duy nhất hoặc dùng khung nhìn";
            let en =
                "wants a column that tells rows apart: a table without key needs a unique index or a view";
            wrong("entity.key", vi, en);
        }
        if self.entity.key.len() != self.entity.key_types.len() {
            let vi = "phải có đúng một kiểu cho mỗi cột của key";
            wrong("entity.key_types", vi, "wants one type for each column of key");
        }
        if self.url.parse::<Address>().is_ok_and(|address| address.password().is_some()) {
            let vi = "không ghi mật khẩu ở đây; đặt trong tệp, ghi password_file";
            wrong("url", vi, "has a password, which belongs into a file: use password_file");
        }
        if self.url.starts_with("mssql:") && matches!(self.changes, Some(Changes::Table(_))) {
            let vi = "by = \"table\" chưa có cho SQL Server; dùng column hoặc hash";
            wrong("changes.by", vi, "by = \"table\" is not there for SQL Server: use column or hash");
        }
        let mut ids = BTreeSet::new();
        for list in self.code_lists.iter().filter(|list| !ids.insert(&list.id)) {
            wrong(&format!("code_list {}", list.id), "trùng tên", "the name is there twice");
        }
        all
    }

    /// What is wrong with fields, of the entity or of a list.
    fn field_mistakes(&self, within: &str, fields: &[Field]) -> Vec<Mistake> {
        let mut all = Vec::new();
        if fields.is_empty() {
            all.push(Mistake::new(format!("{within}field"), "cần ít nhất một trường", "wants at least one"));
        }
        let mut names = BTreeSet::new();
        let objects: BTreeSet<&str> = fields.iter().flat_map(|field| objects_of(&field.name)).collect();
        for field in fields {
            let place = format!("{within}field {}", field.name);
            let mut wrong = |vi: &str, en: &str| all.push(Mistake::new(&place, vi, en));
            if field.name.len() > 200 || !field.name.split('.').all(is_name) {
                wrong(
                    "tên trường gồm chữ, số, gạch dưới, không bắt đầu bằng số hay gạch dưới; dấu chấm ngăn các cấp",
                    "a name has letters, digits and _, and begins with a letter; dots part levels",
                );
            }
            if !names.insert(&field.name) {
                wrong("trùng tên", "the name is there twice");
            }
            if objects.contains(&*field.name) {
                wrong("vừa là trường vừa là nhóm", "is a field and an object at once");
            }
            if let Some(id) = field.code_list.as_deref().filter(|id| self.code_list(id).is_none()) {
                wrong(&format!("không có [[code_list]] {id}"), &format!("there is no [[code_list]] {id}"));
            }
            if field.code_list.is_some() && !matches!(field.kind, Kind::Text | Kind::Integer) {
                wrong("mã phải là text hoặc integer", "codes are text or integer");
            }
        }
        all
    }

    /// Where fields are named beside their own entries.
    fn named_fields(&self) -> Vec<(String, &str)> {
        let look_up = self.service.look_up.iter().map(|name| ("service.look_up".to_owned(), &**name));
        let changes = self.changes.iter().filter_map(|changes| match changes {
            Changes::Column { field } => Some(("changes.field".to_owned(), &**field)),
            Changes::Table(_) | Changes::Hash { .. } => None,
        });
        let filters = self.filters.iter().map(|f| (format!("filter {}", f.parameter), &*f.field));
        let verified = self.verified.iter().map(|v| (format!("verify {}", v.field), &*v.field));
        look_up.chain(changes).chain(filters).chain(verified).collect()
    }

    fn filter_mistakes(&self) -> Vec<Mistake> {
        let mut all = Vec::new();
        let mut seen = BTreeSet::new();
        for filter in &self.filters {
            let place = format!("filter {}", filter.parameter);
            let mut wrong = |vi: &str, en: &str| all.push(Mistake::new(&place, vi, en));
            if !is_name(&filter.parameter)
                || ["limit", "after", "since", "format"].contains(&&*filter.parameter)
            {
                wrong("tên tham số không dùng được", "cannot be the name of a parameter");
            }
            if !seen.insert(&filter.parameter) {
                wrong("trùng tên", "the name is there twice");
            }
            let text = self.field(&filter.field).is_some_and(|field| field.kind == Kind::Text);
            if filter.how == How::Prefix && !text {
                wrong("prefix chỉ dùng cho trường text", "prefix is for fields of text");
            }
        }
        all
    }

    fn verify_mistakes(&self) -> Vec<Mistake> {
        let mut all = Vec::new();
        let look_up = self.service.look_up.as_deref();
        let has_key = self.verified.iter().any(|v| Some(&*v.field) == look_up && v.required);
        if !self.verified.is_empty() && !has_key {
            let vi = "phải có trường của service.look_up, với required = true";
            all.push(Mistake::new("verify", vi, "wants the field of service.look_up, with required = true"));
        }
        if self.service.gives == Gives::Row
            && (self.service.look_up.is_none()
                || self.service.export
                || self.changes.is_some()
                || !self.filters.is_empty())
        {
            let vi = "gives = \"row\" cần look_up, không đi cùng filter, export, changes";
            let en = "gives = \"row\" wants look_up, and goes without filters, export and changes";
            all.push(Mistake::new("service.gives", vi, en));
        }
        if self.service.gives == Gives::Verdict {
            if self.verified.len() < 2 {
                let vi = "gives = \"verdict\" cần [[verify]] cho look_up và ít nhất một trường nữa";
                let en = "gives = \"verdict\" wants [[verify]] of look_up and of one field more";
                all.push(Mistake::new("service.gives", vi, en));
            }
            if self.service.export || self.changes.is_some() || !self.lists.is_empty() {
                let vi = "gives = \"verdict\" không đi cùng export, changes, list";
                all.push(Mistake::new(
                    "service.gives",
                    vi,
                    "gives = \"verdict\" goes without export, changes and lists",
                ));
            }
        }
        all
    }

    fn list_mistakes(&self, list: &List) -> Vec<Mistake> {
        let within = format!("list {}: ", list.name);
        let mut all = self.field_mistakes(&within, &list.fields);
        let mut wrong = |vi: &str, en: &str| all.push(Mistake::new(format!("list {}", list.name), vi, en));
        let taken = self.fields.iter().any(|f| f.name.split('.').next() == Some(&*list.name));
        let twice = self.lists.iter().filter(|other| other.name == list.name).count() > 1;
        if !is_name(&list.name) || taken || twice {
            wrong("tên đã dùng hoặc không dùng được", "the name is taken, or cannot be one");
        }
        if list.by.is_empty() {
            wrong("thiếu by: cột nào bằng cột nào", "by is missing: which columns agree");
        }
        if !(1..=LIST_ROWS_MAX).contains(&list.rows_max) {
            wrong(
                &format!("rows_max từ 1 đến {LIST_ROWS_MAX}"),
                &format!("rows_max from 1 to {LIST_ROWS_MAX}"),
            );
        }
        if self.service.look_up.is_none() {
            wrong("chỉ có khi service.look_up có", "is given with look-ups: service.look_up is missing");
        }
        all
    }
}

impl Limits {
    fn mistakes(&self) -> Vec<Mistake> {
        let within = [
            ("page_rows", 1, u64::from(self.page_rows), u64::from(self.page_rows_max)),
            ("page_rows_max", 1, u64::from(self.page_rows_max), u64::from(PAGE_ROWS_MAX)),
            ("statement_ms", 1, self.statement_ms, STATEMENT_MS_MAX),
            ("answer_bytes_max", 1, self.answer_bytes_max as u64, ANSWER_BYTES_MAX as u64),
            ("at_once", 1, self.at_once as u64, 64),
            ("cache_s", 0, self.cache_s.into(), CACHE_S_MAX.into()),
        ];
        let wrong = within.into_iter().filter(|(_, min, value, max)| !(*min..=*max).contains(value));
        let mistake = |(name, min, _, max): (&str, u64, u64, u64)| {
            let place = format!("limits.{name}");
            Mistake::new(place, format!("từ {min} đến {max}"), format!("from {min} to {max}"))
        };
        wrong.map(mistake).collect()
    }
}

/// The objects that a name stands in: `a` and `a.b` of `a.b.c`.
fn objects_of(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(at, _)| &name[..at])
}

/// Letters, digits and `_`, beginning with a letter: what every language can name. Names with `_` in front are ours.
fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
