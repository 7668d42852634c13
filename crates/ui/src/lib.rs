//! The console: pages for the people who decide whether data flows, Vietnamese first, English second.
//!
//! A handler asks the registry's API in the name of the person who is signed in, fills a typed page and renders it; decision
//! 12 says why it asks the API and not the registry. Every page works without scripts.
//!
//! **Invariant:** no SQL and no rules; what a person may do is decided behind the API, for pages as for programs.

pub mod api;
mod assets;
mod chart;
mod draft;
mod failure;
mod form;
mod names;
mod pages;
#[cfg(test)]
mod sample;
mod session;
mod stream;
mod text;
mod time;
mod upload;
mod view;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;

pub use api::Api;
pub use assets::Assets;
use draft::Drafts;
use stream::Streams;
use tokio::sync::watch;
use upload::Uploads;

/// What the console works with.
#[derive(Clone)]
pub struct Console(Arc<Inner>);

struct Inner {
    api: Api,
    /// Makes the tokens that tell our forms from those of other pages; another one each start.
    forms_key: [u8; 32],
    /// Whether a code of a second factor is asked for.
    asks_code: bool,
    /// Whether a proxy before it speaks TLS with browsers.
    behind_tls: bool,
    /// Forms that somebody began and has not sent.
    drafts: Drafts,
    /// Files that wait to be confirmed.
    uploads: Uploads,
    /// Who follows figures at present.
    streams: Streams,
}

/// How a console is set up.
pub struct Setup {
    /// The registry's API, its routes below [`api::ROOT`].
    pub api: Router,
    /// Whether the sign-in page asks for the code of a second factor.
    pub asks_code: bool,
    /// Whether a proxy before it speaks TLS with browsers: cookies are for TLS only then.
    pub behind_tls: bool,
    /// Folder of drafts; without it they live in memory, and end with the process.
    pub drafts: Option<PathBuf>,
    /// Turns true when the node stops: open streams end then.
    pub stopped: watch::Receiver<bool>,
}

impl Console {
    /// A console on this API.
    pub fn new(setup: Setup) -> Self {
        let forms_key = crypto::hash::random();
        let Setup { api, asks_code, behind_tls, drafts, stopped } = setup;
        let (api, drafts, streams) = (Api::new(api), Drafts::new(drafts), Streams::new(stopped));
        let uploads = Uploads::default();
        Self(Arc::new(Inner { api, forms_key, asks_code, behind_tls, drafts, uploads, streams }))
    }

    /// The API behind the pages.
    pub(crate) fn api(&self) -> &Api {
        &self.0.api
    }

    /// Files that wait to be confirmed.
    pub(crate) fn uploads(&self) -> &Uploads {
        &self.0.uploads
    }

    /// Who follows figures at present.
    pub(crate) fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// What people began and have not sent.
    pub(crate) fn drafts(&self) -> &Drafts {
        &self.0.drafts
    }
}

/// The console as it is served: every page, every form, every file that pages load.
pub fn router(console: Console) -> Router {
    let guard = middleware::from_fn_with_state(console.clone(), session::guard);
    pages::routes()
        .fallback(async || failure::Failure::nothing())
        .layer(DefaultBodyLimit::max(form::FORM_BYTES_MAX))
        .layer(guard)
        .merge(assets::routes())
        .layer(middleware::map_response(view::careful))
        .with_state(console)
}
