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
pub mod import;
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
        .merge(import::routes())
        .merge(silo::routes())
        .merge(map::routes())
        .merge(admin::routes())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The table that a test of `lienthong` walks with everybody of the demo.
    const RIGHTS: &str = include_str!("../../../docs/console-rights.md");

    /// What can be asked, as `GET /viec`. Routers tell their routes to `Debug` alone: paths and methods, each with the
    /// number of its route; those of the fallback come last, with numbers that are taken.
    fn asked() -> BTreeSet<String> {
        let shown = format!("{:?}", routes().merge(crate::assets::routes()));
        let (mut paths, mut methods) = (BTreeMap::new(), BTreeMap::new());
        for part in shown.split("RouteId(").skip(1) {
            let Some((number, told)) = part.split_once("): ") else { continue };
            if let Some(path) = told.strip_prefix('"') {
                paths.entry(number).or_insert(path.split('"').next().unwrap_or_default());
            } else if told.starts_with("MethodRouter") {
                let takes = |method: &&str| !told.contains(&format!("{}: None", method.to_lowercase()));
                let methods_of = || ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(takes);
                methods.entry(number).or_insert_with(methods_of);
            }
        }
        assert!(paths.keys().eq(methods.keys()), "axum shows its routes otherwise now: {shown}");
        let lines = methods.into_iter().flat_map(|(number, methods)| {
            let path = paths[number];
            methods.map(move |method| format!("{method} {path}"))
        });
        lines.collect()
    }

    #[test]
    fn every_route_has_its_row_in_the_table_of_rights_and_no_row_is_of_another() {
        let (_, table) = RIGHTS.split_once("## The table").expect("a table");
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let rows: BTreeSet<String> = rows.map(str::to_owned).collect();
        let asked = asked();
        let only = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>();
        assert_eq!((only(&asked, &rows), only(&rows, &asked)), (Vec::new(), Vec::new()));
    }
}
