//! Pages, one file an area: what it asks the API for, its typed page, its forms.

pub mod admin;
pub mod asking;
pub mod calls;
pub mod catalogue;
pub mod failed;
pub mod gate;
pub mod grants;
pub mod help;
pub mod hoarding;
pub mod lists;
pub mod map;
pub mod overview;
pub mod requests;
pub mod sharing;
pub mod sign_in;
pub mod silo;
pub mod source;
pub mod terms;
pub mod work;

use axum::Router;

use crate::Console;

/// Every page.
pub fn routes() -> Router<Console> {
    Router::new()
        .merge(asking::routes())
        .merge(calls::routes())
        .merge(catalogue::routes())
        .merge(sign_in::routes())
        .merge(work::routes())
        .merge(source::routes())
        .merge(help::routes())
        .merge(requests::routes())
        .merge(sharing::routes())
        .merge(grants::routes())
        .merge(gate::routes())
        .merge(overview::routes())
        .merge(hoarding::routes())
        .merge(silo::routes())
        .merge(map::routes())
        .merge(admin::routes())
}
