//! Builds a population file and says how long it took: `build_population FILE [PEOPLE]`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use simulators::population::{PEOPLE, Plan, Population, PopulationError, build};

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (file, people) = (arguments.next(), arguments.next().map_or(Ok(PEOPLE), |text| text.parse()));
    let (Some(file), Ok(people)) = (file.map(PathBuf::from), people) else {
        eprintln!("usage: build_population FILE [PEOPLE]");
        return ExitCode::from(64);
    };
    match run(file, people).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

async fn run(file: PathBuf, people: u32) -> Result<(), PopulationError> {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent}% {elapsed}") {
        bar.set_style(style);
    }
    let shown = bar.clone();
    let start = Instant::now();
    let plan = Plan { people, ..Plan::default() };
    let progress = Arc::new(move |done, total| {
        shown.set_length(total);
        shown.set_position(done);
    });
    let meta = build(&file, &plan, progress).await?;
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    let megabytes = std::fs::metadata(&file).map_or(0, |file| file.len() / 1_000_000);
    println!("{} people in {} households: {seconds:.1} s, {megabytes} MB", meta.people, meta.households);

    let start = Instant::now();
    let sample = Population::open(&file).await?.sample().await?;
    println!(
        "opened in {:.0} ms; try {} {}",
        start.elapsed().as_secs_f64() * 1e3,
        sample.number,
        sample.name
    );
    Ok(())
}
