//! Signing in and out, and who is signed in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use audit::PersonId;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use base::Ts;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Peer, Problem};

use super::request::{Input, bearer};
use super::{Api, Caller};
use crate::RegistryError;
use crate::people::{Person, Post, Proof, SignedIn};

/// Seconds without a request after which a session ends.
pub const IDLE_S: i64 = 30 * 60;
/// Seconds after which a session ends anyway: a working day.
pub const LONGEST_S: i64 = 8 * 3600;
/// Sessions at most; the one that was idle longest makes room.
const SESSIONS_MAX: usize = 10_000;
/// Passwords that are checked at the same time.
const SIGN_INS_AT_ONCE: usize = 2;
/// How long somebody waits for a place among them.
const SIGN_IN_WAIT: Duration = Duration::from_secs(5);

/// Gives the person as of now; `None` when the account has ended since the session began.
pub type Standing = Arc<dyn Fn(&PersonId, Ts) -> Option<Person> + Send + Sync>;

/// Gives the name to show of somebody who can sign in.
pub type Names = Arc<dyn Fn(&PersonId) -> Option<String> + Send + Sync>;

/// Who is signed in. Only hashes of tokens are kept.
pub struct Sessions {
    all: Mutex<HashMap<[u8; 32], Session>>,
    checking: Arc<Semaphore>,
}

struct Session {
    person: PersonId,
    since: Ts,
    used: Ts,
}

impl Session {
    fn alive(&self, now: Ts) -> bool {
        now < self.since.plus_secs(LONGEST_S) && now < self.used.plus_secs(IDLE_S)
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self { all: Mutex::default(), checking: Arc::new(Semaphore::new(SIGN_INS_AT_ONCE)) }
    }
}

impl Sessions {
    /// A new session's token.
    pub fn begin(&self, person: PersonId, now: Ts) -> String {
        let token = crypto::b64::encode(&crypto::hash::random::<32>());
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, session| session.alive(now));
        if all.len() >= SESSIONS_MAX
            && let Some(idle) = all.iter().min_by_key(|(_, session)| session.used).map(|(name, _)| *name)
        {
            all.remove(&idle);
        }
        all.insert(name(&token), Session { person, since: now, used: now });
        token
    }

    /// Whose token this is; the session counts as used.
    pub fn find(&self, token: &str, now: Ts) -> Option<PersonId> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let session = all.get_mut(&name(token)).filter(|session| session.alive(now))?;
        session.used = now;
        Some(session.person.clone())
    }

    /// Whose token this is, for what asks by itself: a page that is left open must not keep a session alive.
    pub fn look(&self, token: &str, now: Ts) -> Option<PersonId> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&name(token)).filter(|session| session.alive(now)).map(|session| session.person.clone())
    }

    /// Ends a session.
    pub fn end(&self, token: &str) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&name(token));
    }
}

fn name(token: &str) -> [u8; 32] {
    crypto::hash::sha256(&[token.as_bytes()])
}

/// What a person signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Sign-in name.
    pub id: String,
    /// Password.
    pub password: String,
    /// The six digits of the second factor; empty where the registry asks for none.
    #[serde(default)]
    pub code: String,
}

/// A session that began.
#[derive(Serialize, ToSchema)]
pub struct Begun {
    /// Send it as `Authorization: Bearer …`.
    pub token: String,
    /// Seconds without a request after which it ends.
    pub idle_s: i64,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// Sign-in name.
    #[schema(value_type = String)]
    pub id: PersonId,
    /// Name to show.
    pub name: String,
    /// Roles and where they hold.
    #[schema(value_type = Vec<Object>)]
    pub posts: Vec<Post>,
}

/// The routes.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(begin, end)).routes(routes!(me))
}

/// Signs in.
#[utoipa::path(post, path = "/sessions", tag = "sessions", request_body = Credentials, security(()),
    responses((status = 201, body = Begun), (status = 401, description = "EX-2020")))]
async fn begin(
    State(api): State<Api>,
    peer: Option<Extension<Peer>>,
    Input(credentials): Input<Credentials>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let (now, from) = (api.now(), peer.map(|Extension(peer)| peer.address.ip()));
    // Each check takes 64 MiB: a crowd of strangers must not take the node's memory.
    let checking = Arc::clone(&api.0.parts.sessions.checking);
    let waiting = tokio::time::timeout(SIGN_IN_WAIT, checking.acquire_owned()).await;
    let Ok(Ok(place)) = waiting else {
        return Err(Problem { retry_after_s: Some(2), ..busy() });
    };
    let checked = {
        let api = api.clone();
        // A password hash takes its time: not on the threads that serve others.
        tokio::task::spawn_blocking(move || {
            // Who hangs up leaves the check behind, which goes on: the place is its own.
            let _place = place;
            let Credentials { id, password, code } = &credentials;
            (api.0.parts.sign_in)(&Proof::Password { id, password, code, from }, now)
        })
    };
    let SignedIn { person, code } = checked.await.map_err(|_| RegistryError::SignIn)??;
    if let Some(code) = code
        && !api.registry().use_code(&person.id, code).await?
    {
        metrics::counter!("lienthong_registry_sign_ins_refused_total").increment(1);
        return Err(RegistryError::SignIn.into());
    }
    let token = api.0.parts.sessions.begin(person.id, now);
    Ok((StatusCode::CREATED, Json(Begun { token, idle_s: IDLE_S })))
}

fn busy() -> Problem {
    let error = RegistryError::TooMany { what: "sign-ins at once", max: SIGN_INS_AT_ONCE };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, &error.code(), error.to_string())
}

/// Signs out.
#[utoipa::path(delete, path = "/sessions", tag = "sessions", responses((status = 204)))]
async fn end(State(api): State<Api>, _: Caller, headers: HeaderMap) -> impl IntoResponse {
    if let Some(token) = bearer(&headers) {
        api.0.parts.sessions.end(token);
    }
    StatusCode::NO_CONTENT
}

/// Who I am.
#[utoipa::path(get, path = "/me", tag = "sessions", responses((status = 200, body = Me)))]
async fn me(State(api): State<Api>, Caller(person): Caller) -> Json<Me> {
    let name = (api.0.parts.names)(&person.id).unwrap_or_else(|| person.id.to_string());
    Json(Me { id: person.id, name, posts: person.posts })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Ts = Ts::from_secs(1_000_000);

    #[test]
    fn a_session_ends_when_idle_when_old_and_when_ended() {
        let sessions = Sessions::default();
        let person: PersonId = "chuyenvien".parse().expect("well formed");
        let token = sessions.begin(person.clone(), NOW);
        assert_eq!(sessions.find(&token, NOW.plus_secs(IDLE_S - 1)), Some(person.clone()));
        assert_eq!(sessions.find(&token, NOW.plus_secs(2 * IDLE_S)), None);
        assert_eq!(sessions.find("other", NOW), None);

        let token = sessions.begin(person.clone(), NOW);
        assert_eq!(sessions.look(&token, NOW.plus_secs(IDLE_S - 1)), Some(person.clone()));
        assert_eq!(sessions.look(&token, NOW.plus_secs(IDLE_S)), None);

        let token = sessions.begin(person.clone(), NOW);
        for hour in 0..16 {
            assert_eq!(sessions.find(&token, NOW.plus_secs(hour * 1799)).is_some(), hour * 1799 < LONGEST_S);
        }
        let token = sessions.begin(person, NOW);
        sessions.end(&token);
        assert_eq!(sessions.find(&token, NOW), None);
    }
}
