//! Adding documents to a request: those that the person's step or task lacks in one form, any other below.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use http::{Method, StatusCode};
use serde::Deserialize;

use super::Choice;
use super::whole::{Mine, Request, demands, load};
use crate::Console;
use crate::failure::Failure;
use crate::form::{File, FilesForm, Form, new_key, with_file};
use crate::names::Rules;
use crate::pages::terms::Service;
use crate::session::Visit;
use crate::view::{Frame, Section, page_as, query, segment, to};

/// The field of the document whose kind is chosen from a list.
const OTHER: &str = "tep";

#[derive(Template)]
#[template(path = "requests/attach.html")]
pub struct AttachPage {
    frame: Frame,
    id: String,
    /// Documents that are missing.
    wanted: Vec<Slot>,
    /// Kinds of other documents.
    items: Vec<Choice>,
    number: String,
    /// Whether something is said of another document.
    other: bool,
    version: i64,
    key: String,
    errors: Vec<String>,
}

/// A document that is missing: the fields of its file and of its number.
struct Slot {
    words: String,
    file: String,
    number: String,
    typed: String,
}

/// What the API says of a document that it took.
#[derive(Deserialize)]
struct Taken {
    #[serde(default)]
    version: Option<i64>,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new().route("/ket-noi/{id}/tai-lieu", with_file(get(ask).post(act)))
}

async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Response, Failure> {
    shown(&visit, &id, &Form::default(), None).await
}

async fn act(
    visit: Visit,
    Path(id): Path<String>,
    FilesForm { form, files }: FilesForm,
) -> Result<Response, Failure> {
    let sent = async {
        let none = || Failure::field(OTHER, "Chưa chọn tệp", "No file was chosen");
        let files = files.and_then(|files| if files.is_empty() { Err(none()) } else { Ok(files) })?;
        let mut version = form.version();
        for file in files {
            version = send(&visit, &id, &form, (file, version)).await?;
        }
        Ok::<_, Failure>(())
    };
    match sent.await {
        Ok(()) => Ok(to(&next(&visit, &id).await?, "requests-attach")),
        Err(failure) if failure.is_mendable() => shown(&visit, &id, &form, Some(failure)).await,
        Err(failure) => Err(failure),
    }
}

/// Where whoever handed in goes on: who asks and has everything sends the request, others look at it.
async fn next(visit: &Visit, id: &str) -> Result<String, Failure> {
    let whole = load(visit, id).await?.value;
    let rules = Rules::of(visit).await?;
    let mine = Mine::of(visit, &rules, &whole).await;
    let asks = mine.step && whole.holder.as_ref().is_some_and(|holder| holder.whose == "consumer");
    let service = Service::of(visit, &whole.request.service).await;
    let sends = asks && wanted(&rules, &whole.request, &service, &mine).is_empty();
    Ok(format!("/ket-noi/{}{}", segment(id), if sends { "/duyet" } else { "" }))
}

/// Hands in one document; gives the version that the request has then.
async fn send(
    visit: &Visit,
    id: &str,
    form: &Form,
    (file, version): (File, Option<i64>),
) -> Result<Option<i64>, Failure> {
    let (item, number) = match file.field.split_once('-') {
        Some((_, item)) => (item, form.get(&number_of(item))),
        None => (form.get("loai"), form.get("so")),
    };
    let about = query(&[("item", item), ("name", &file.name), ("number", number)]);
    // Each document counts once, and so does the form.
    let key = format!("{}-{item}", form.key());
    let ask = visit.ask(Method::POST, format!("/requests/{}/attachments{about}", segment(id)));
    let ask = ask.seen(version).once(&key).file(file.media_type, file.bytes);
    let taken = ask.send::<Taken>().await.map_err(|failure| at_its_fields(failure, &file.field))?;
    Ok(taken.version)
}

/// The field of the number of a document that is missing.
fn number_of(item: &str) -> String {
    format!("so-{item}")
}

/// What the API says of a document, told at the fields of this one.
fn at_its_fields(mut failure: Failure, field: &str) -> Failure {
    for mistake in &mut failure.mistakes {
        mistake.place = match (&*mistake.place, field.split_once('-')) {
            ("number", Some((_, item))) => number_of(item),
            ("number", None) => "so".to_owned(),
            ("item", None) => "loai".to_owned(),
            _ => field.to_owned(),
        };
    }
    failure
}

async fn shown(visit: &Visit, id: &str, typed: &Form, failure: Option<Failure>) -> Result<Response, Failure> {
    let found = load(visit, id).await?;
    let version = found.version.unwrap_or_default();
    let rules = Rules::of(visit).await?;
    let mine = Mine::of(visit, &rules, &found.value).await;
    let request = found.value.request;
    let service = Service::of(visit, &request.service).await;
    let missing = wanted(&rules, &request, &service, &mine);
    let frame = visit.frame(Section::Requests, "requests-attach-title");
    let lang = frame.lang;
    let slot = |item: &String| Slot {
        words: rules.item(lang, item).to_owned(),
        file: format!("{OTHER}-{item}"),
        number: number_of(item),
        typed: typed.get(&number_of(item)).to_owned(),
    };
    let wanted: Vec<Slot> = missing.iter().map(slot).collect();
    let fields = wanted.iter().flat_map(|slot| [&*slot.file, &slot.number]).chain(["loai", "so", OTHER]);
    let fields: Vec<_> = fields.map(|field| (field, field)).collect();
    let frame = frame.marked(failure.as_ref(), &fields);
    let others = rules.items.iter().filter(|item| !missing.contains(&item.code));
    let items = others.map(|item| Choice {
        words: item.title.of(lang).to_owned(),
        chosen: typed.get("loai") == item.code,
        value: item.code.clone(),
    });
    let page = AttachPage {
        items: items.collect(),
        id: request.id,
        number: typed.get("so").to_owned(),
        other: ["loai", "so"].iter().any(|field| frame.wrong_at(field).is_some()),
        wanted,
        version,
        key: new_key(),
        errors: failure.as_ref().map(|failure| failure.lines(lang)).unwrap_or_default(),
        frame,
    };
    page_as(failure.map_or(StatusCode::OK, |failure| failure.status), &page)
}

/// Documents that the person's step and open tasks lack.
fn wanted(rules: &Rules, request: &Request, service: &Service, mine: &Mine) -> Vec<String> {
    let personal = service.is_personal(&request.terms.fields);
    let steps = rules.road(request.kind, &request.road).map(|road| &road.steps[..]).unwrap_or_default();
    let step = steps.iter().find(|step| mine.step && step.code == request.step);
    let of_step = step.into_iter().flat_map(|step| demands(step, personal));
    let of_tasks = rules.tasks.iter().filter(|rule| mine.tasks.contains(&rule.code));
    let of_tasks = of_tasks.flat_map(|rule| rule.attach.iter().map(String::as_str));
    of_step.chain(of_tasks).filter(|item| !request.has(item)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    #[test]
    fn renders() {
        let odd = "<script>alert(1)</script>";
        for many in [0, 3] {
            rendered(|frame| AttachPage {
                frame,
                id: "YC-2026-000001".into(),
                wanted: (0..many)
                    .map(|place| Slot {
                        words: odd.into(),
                        file: format!("tep-{place}"),
                        number: format!("so-{place}"),
                        typed: odd.into(),
                    })
                    .collect(),
                items: (0..many)
                    .map(|_| Choice { value: odd.into(), words: odd.into(), chosen: true })
                    .collect(),
                number: odd.into(),
                other: many > 0,
                version: 3,
                key: "khoa".into(),
                errors: vec![odd.into(); many],
            });
        }
    }

    #[test]
    fn what_is_wrong_is_told_at_the_document_that_it_is_about() {
        let placed = |place: &str, field: &str| {
            let failure = at_its_fields(Failure::field(place, "", ""), field);
            failure.mistakes[0].place.clone()
        };
        assert_eq!(placed("number", "tep-data_scope"), "so-data_scope");
        assert_eq!(placed("bytes", "tep-data_scope"), "tep-data_scope");
        assert_eq!(placed("number", "tep"), "so");
        assert_eq!(placed("item", "tep"), "loai");
    }
}
