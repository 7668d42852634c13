//! The middle of a change: who does it, to which thing of a number in the path, which version was seen, under which key.

use axum::extract::FromRequestParts;
use http::request::Parts;
use web::Problem;

use super::request::{At, Done, done};
use super::{Api, Caller, Key, Seen};
use crate::agency::AgencyCode;
use crate::people::Act;
use crate::{Deed, Event, Moment, Receipt, RegistryError, State};

/// What has a number in the path.
pub(super) trait Numbered: Sized + Send + Sync {
    /// What it is, for [`RegistryError::NoSuch`].
    const KIND: &'static str;

    /// Reads the number.
    fn number(text: &str) -> Option<Self>;

    /// Numbers of the journal's entries that tell of it, oldest first.
    fn acts(&self, state: &State) -> Vec<i64>;
}

/// The number in the path, the first of its parameters. What is none names nothing.
pub(super) struct Id<T>(pub(super) T);

impl<T: Numbered> FromRequestParts<Api> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let At(named) = At::<Vec<(String, String)>>::from_request_parts(parts, api).await?;
        let text = named.into_iter().next().map(|(_, text)| text).unwrap_or_default();
        T::number(&text).map(Self).ok_or_else(|| RegistryError::NoSuch { kind: T::KIND, name: text }.into())
    }
}

/// Who changes what.
pub(super) struct On<T> {
    pub(super) caller: Caller,
    pub(super) id: T,
    /// The version that the person saw; always said.
    pub(super) if_version: Option<i64>,
    pub(super) key: Key,
}

impl<T: Numbered> FromRequestParts<Api> for On<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = <Caller as FromRequestParts<Api>>::from_request_parts(parts, api).await?;
        let Id(id) = Id::from_request_parts(parts, api).await?;
        let if_version = Seen::from_request_parts(parts, api).await?.of(true)?;
        let key = Key::from_request_parts(parts, api).await?;
        Ok(Self { caller, id, if_version, key })
    }
}

impl<T: Numbered> On<T> {
    /// Does it; the answer has the version that the thing has then.
    pub(super) async fn act(
        &self,
        api: &Api,
        what: (Act, Option<&AgencyCode>, &str),
        decide: impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
    ) -> Result<Done, Problem> {
        let receipt = act(api, (&self.caller, &self.key), what, decide).await?;
        Ok(api.registry().read(|state| done(&receipt, self.id.acts(state).into_iter())))
    }
}

/// Does something in the name of a person.
pub(super) async fn act(
    api: &Api,
    (Caller(person), Key(key)): (&Caller, &Key),
    (act, agency, subject): (Act, Option<&AgencyCode>, &str),
    decide: impl FnMut(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
) -> Result<Receipt, Problem> {
    let deed = Deed { act, agency, subject, key: key.as_deref() };
    Ok(api.registry().act_once(person, &deed, decide).await?)
}
