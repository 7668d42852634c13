//! What the tests of several crates need: a fresh store on either engine.
//!
//! **Invariant:** a test that cannot have its store fails and says why; it is never skipped.

mod stores;

pub use stores::{POSTGRES_VARIABLE, TestStore, run};

/// Makes a test on each engine out of every named function.
///
/// A body is `async fn name(store: TestStore)`; the tests are called `on_sqlite::name` and
/// `on_postgres::name`. Each gets an empty store of its own and a runtime with two threads.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test]
            fn $name() {
                $crate::run(async { $crate::TestStore::sqlite() }, super::$name);
            })+
        }
        mod on_postgres {
            $(#[test]
            fn $name() {
                $crate::run($crate::TestStore::postgres(), super::$name);
            })+
        }
    };
}
