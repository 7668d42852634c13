//! What the kernel says about processes: memory and processor time.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Resident memory of a process at its highest, in bytes, since it began or since [`forget_peak`].
pub fn peak_memory_bytes(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    parse_peak(&status).context("the kernel does not tell the peak memory of a process")
}

/// Begins the measure of [`peak_memory_bytes`] anew.
pub fn forget_peak(pid: u32) -> Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").context("cannot reset the peak memory of a process")
}

/// Processor time that a process and all its descendants have used, user and system.
pub fn processor_time(pid: u32) -> Result<Duration> {
    let mut stats = HashMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may end while we look.
        if let Some(stat) = fs::read_to_string(entry.path().join("stat")).ok().as_deref().and_then(parse_stat)
        {
            stats.insert(id, stat);
        }
    }
    in_seconds(ticks_of_family(pid, &stats))
}

/// Processor time of the children that this program has waited for.
pub fn processor_time_of_finished_children() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    in_seconds(parse_stat(&stat).context("the kernel does not tell processor times")?.ticks_of_ended_children)
}

fn in_seconds(ticks: u64) -> Result<Duration> {
    Ok(Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second())?)
}

struct Stat {
    parent: u32,
    ticks: u64,
    ticks_of_ended_children: u64,
}

fn ticks_of_family(pid: u32, stats: &HashMap<u32, Stat>) -> u64 {
    let own = stats.get(&pid).map_or(0, |stat| stat.ticks + stat.ticks_of_ended_children);
    let children = stats.iter().filter(|(_, stat)| stat.parent == pid);
    own + children.map(|(child, _)| ticks_of_family(*child, stats)).sum::<u64>()
}

/// Reads `/proc/PID/stat`: the name in parentheses may itself hold spaces and parentheses.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let sum = |fields: &[&str]| fields.iter().map(|field| field.parse::<u64>().unwrap_or(0)).sum();
    // Fields 4, 14 and 15, 16 and 17 of proc(5), counted from the one after the name.
    let parent = fields.get(1)?.parse().ok()?;
    Some(Stat { parent, ticks: sum(fields.get(11..13)?), ticks_of_ended_children: sum(fields.get(13..15)?) })
}

fn parse_peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = parse_stat("7 (a) b (c) S 3 7 7 0 -1 4 1 2 3 4 10 20 30 40 20 0").unwrap();
        assert_eq!((stat.parent, stat.ticks, stat.ticks_of_ended_children), (3, 30, 70));
    }

    #[test]
    fn a_family_is_counted_once_each() {
        let stat = |parent, ticks| Stat { parent, ticks, ticks_of_ended_children: 5 };
        let stats = HashMap::from([(1, stat(0, 1)), (2, stat(1, 10)), (3, stat(2, 100)), (4, stat(0, 1000))]);
        assert_eq!(ticks_of_family(1, &stats), 126);
    }

    #[test]
    fn the_peak_is_read_in_bytes() {
        assert_eq!(parse_peak("VmPeak:  9 kB\nVmHWM:\t    2 kB\n"), Some(2048));
        assert_eq!(parse_peak("VmPeak:  9 kB\n"), None);
    }

    #[test]
    fn this_process_has_memory() {
        assert!(peak_memory_bytes(std::process::id()).unwrap() > 0);
    }
}
