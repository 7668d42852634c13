//! The police's population base of one province, invented: a database of people who do not exist, with views for
//! sharing as its administrator would make them.
//!
//! [`ensure`] makes the file once, from a seed; [`DEFINITIONS`] make data services of its views. The facts depend on
//! the plan alone: the same plan gives the same people on every machine. Everything is as of 1 November 2026.

mod calendar;
mod commune;
mod file;
mod generate;
mod household;
mod name;
mod name_lists;
mod number;
mod rng;
mod sample;

use std::path::PathBuf;
use std::sync::Arc;

pub use file::{Outcome, build, ensure, inspect};
pub(crate) use sample::open;
pub use sample::{Sample, sample};

/// Data services of the views: name of the file and text of each definition. Their source is `population.db`, two folders up.
pub const DEFINITIONS: [(&str, &str); 6] = [
    ("DANCU.xac-thuc-cong-dan.toml", include_str!("../definitions/DANCU.xac-thuc-cong-dan.toml")),
    ("DANCU.tra-cuu-cong-dan.toml", include_str!("../definitions/DANCU.tra-cuu-cong-dan.toml")),
    ("DANCU.tra-cuu-ho.toml", include_str!("../definitions/DANCU.tra-cuu-ho.toml")),
    ("DANCU.tra-cuu-cu-tru.toml", include_str!("../definitions/DANCU.tra-cuu-cu-tru.toml")),
    ("DANCU.thong-ke-dan-cu.toml", include_str!("../definitions/DANCU.thong-ke-dan-cu.toml")),
    ("DANCU.nhan-than-ho-tich.toml", include_str!("../definitions/DANCU.nhan-than-ho-tich.toml")),
];

/// People in Quảng Nam as its police reported them in February 2022.
pub const PEOPLE: u32 = 1_716_705;

/// Households in the same report; a smaller population has proportionally fewer.
pub const HOUSEHOLDS: u32 = 452_131;

/// Fewest people a base can have.
pub const PEOPLE_MIN: u32 = 100;

/// Most people a base can have.
pub const PEOPLE_MAX: u32 = generate::PEOPLE_MAX;

/// The version of the file's form and of the rules that invent its facts; another version is another file.
pub const FORMAT: u32 = 2;

/// Called now and then while a file is made, with steps done and steps in all.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// What population to invent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many people, [`PEOPLE_MIN`] to [`PEOPLE_MAX`].
    pub people: u32,
    /// Which invention; the same seed gives the same people.
    pub seed: u64,
}

impl Default for Plan {
    /// The whole province.
    fn default() -> Self {
        Self { people: PEOPLE, seed: 1 }
    }
}

impl Plan {
    /// The number of households of this plan, in the proportion of the reported figures, rounded.
    pub fn households(&self) -> u32 {
        let (people, all) = (u64::from(self.people), u64::from(PEOPLE));
        u32::try_from((people * u64::from(HOUSEHOLDS) + all / 2) / all).unwrap_or(u32::MAX)
    }
}

/// What a file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Version of form and rules; see [`FORMAT`].
    pub format: u32,
    /// The seed it was invented from.
    pub seed: u64,
    /// People in it.
    pub people: u32,
    /// Households in it.
    pub households: u32,
}

impl Meta {
    /// Whether a file of this plan made by this program would say the same.
    pub fn fits(&self, plan: &Plan) -> bool {
        *self == Self::of(plan)
    }

    fn of(plan: &Plan) -> Self {
        Self { format: FORMAT, seed: plan.seed, people: plan.people, households: plan.households() }
    }
}

/// Why the base cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum PopulationError {
    /// The plan asks for too few or too many people.
    #[error(
        "số người phải từ {PEOPLE_MIN} đến {PEOPLE_MAX} / people must be {PEOPLE_MIN} to {PEOPLE_MAX}, not {0}"
    )]
    People(u32),
    /// There is no such file.
    #[error("chưa có tệp dân cư {0} / there is no population file {0}")]
    Missing(PathBuf),
    /// The file is something else, or damaged.
    #[error(
        "{path} không phải tệp dân cư đọc được; hãy xóa nó / {path} is not a readable population file; delete it"
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// What the database engine says.
        #[source]
        source: sqlx::Error,
    },
    /// The file holds a population of another version, size or seed.
    #[error(
        "{path} có {} người, hạt giống {}, phiên bản {}; hãy xóa nó hoặc chọn nơi khác / \
         {path} holds {} people, seed {}, version {}; delete it or choose another place",
        .found.people, .found.seed, .found.format, .found.people, .found.seed, .found.format
    )]
    Other {
        /// Which file.
        path: PathBuf,
        /// What it says of itself.
        found: Meta,
    },
    /// The disk refuses.
    #[error("không ghi được {path} / cannot write {path}: {source}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// A query failed.
    #[error("lỗi cơ sở dữ liệu dân cư / the population database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The task that invents people ended early.
    #[error("không tạo được dân cư / the population could not be invented")]
    Stopped,
}

#[cfg(test)]
mod tests;
