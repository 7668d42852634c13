//! Random questions about working time, each with our answer, in seconds by the clocks of Vietnam.

use std::fmt::Write as _;

use base::Ts;
use worktime::clock::Clock;
use worktime::{AgencyCode, Calendars, Span};

/// Seconds by which the clocks of Vietnam are ahead of UTC.
const AHEAD: i64 = 7 * 3_600;
const DAY: i64 = 86_400;
/// 1 June 2018 and 1 January 2030, in days since 1970: what is counted from here stays in the years with data.
const DAYS: (i64, i64) = (17_683, 21_915);
/// Minutes at which a shift of some calendar begins or ends.
const EDGES: [i64; 12] = [390, 420, 450, 660, 690, 720, 780, 810, 840, 1_020, 1_050, 1_080];
/// How the other program calls the calendars, and an agency that has each.
const CALENDARS: [(&str, &str); 4] = [
    ("country", "000.09.00.VD1"),
    ("province", "000.00.00.VD1"),
    ("one-stop", "000.01.00.VD1"),
    ("police", "000.02.00.VD1"),
];

/// As many questions as asked for, one a line.
pub fn lines(calendars: &Calendars, count: u32) -> String {
    let mut maker = Maker { calendars, chance: Chance(20_260_302), text: String::new() };
    for number in 0..count {
        match number % 6 {
            0 => maker.add(),
            1 => maker.sub(),
            2 => maker.between(),
            3 => maker.due(),
            4 => maker.days(),
            _ => maker.clock(),
        }
    }
    maker.text
}

struct Maker<'a> {
    calendars: &'a Calendars,
    chance: Chance,
    text: String,
}

impl Maker<'_> {
    fn calendar(&mut self) -> (&'static str, AgencyCode) {
        let (name, code) = CALENDARS[self.chance.index(CALENDARS.len())];
        (name, code.parse().unwrap())
    }

    /// A moment: on any second, on a minute, on an edge of a shift or a second beside it.
    fn moment(&mut self) -> i64 {
        let day = self.chance.between(DAYS.0, DAYS.1);
        let time = match self.chance.index(3) {
            0 => self.chance.between(0, DAY - 1),
            1 => self.chance.between(0, 1_439) * 60,
            _ => EDGES[self.chance.index(EDGES.len())] * 60 + self.chance.between(-1, 1),
        };
        day * DAY + time
    }

    /// Minutes of working time: none, some, whole shifts.
    fn minutes(&mut self) -> i64 {
        match self.chance.index(4) {
            0 => 0,
            1 => self.chance.between(0, 200) * 60,
            2 => self.chance.between(0, 600),
            _ => self.chance.between(0, 12_000),
        }
    }

    fn add(&mut self) {
        let ((name, agency), from, minutes) = (self.calendar(), self.moment(), self.minutes());
        let reached = self.calendars.of(&agency).add(ts(from), work(minutes));
        self.line(&format!("add {name} {from} {}", minutes * 60), seconds(reached));
    }

    fn sub(&mut self) {
        let ((name, agency), to, minutes) = (self.calendar(), self.moment(), self.minutes());
        let reached = self.calendars.of(&agency).subtract(ts(to), work(minutes));
        self.line(&format!("sub {name} {to} {}", minutes * 60), seconds(reached));
    }

    fn between(&mut self) {
        let ((name, agency), from) = (self.calendar(), self.moment());
        let to = from + self.chance.between(-DAY, 40 * DAY);
        let micros = self.calendars.of(&agency).working_between(ts(from), ts(to));
        assert_eq!(micros % 1_000_000, 0);
        self.line(&format!("between {name} {from} {to}"), micros / 1_000_000);
    }

    fn due(&mut self) {
        let ((name, agency), from, days) = (self.calendar(), self.moment(), self.chance.between(0, 60));
        let due = self.calendars.of(&agency).due(ts(from), u32::try_from(days).unwrap());
        self.line(&format!("due {name} {from} {days}"), seconds(due));
    }

    fn days(&mut self) {
        let ((name, agency), from) = (self.calendar(), self.moment());
        let to = from + self.chance.between(-DAY, 60 * DAY);
        let days = self.calendars.of(&agency).working_days_between(ts(from), ts(to));
        self.line(&format!("days {name} {from} {to}"), i64::from(days));
    }

    /// A clock that pauses, runs on and moves to other agencies; the last thing that happens leaves it running.
    fn clock(&mut self) {
        let ((name, agency), from) = (self.calendar(), self.moment());
        let (limit, told) = if self.chance.index(2) == 0 {
            let days = self.chance.between(1, 20);
            (format!("P{days}WD").parse().unwrap(), format!("d{days}"))
        } else {
            let minutes = self.chance.between(1, 6_000);
            (work(minutes), format!("s{}", minutes * 60))
        };
        let mut clock = Clock::start(Some(limit), agency, ts(from), self.calendars);
        let mut events = Vec::new();
        let mut now = from;
        for _ in 0..self.chance.index(5) {
            now = self.later(now);
            events.push(self.event(&mut clock, now));
        }
        if clock.is_paused() {
            now = self.later(now);
            clock.apply(&clock.resume(ts(now), self.calendars).unwrap());
            events.push(format!("r:{now}"));
        }
        let events = if events.is_empty() { "-".to_owned() } else { events.join(",") };
        self.line(&format!("clock {told} {from} {name} {events}"), seconds(clock.due().unwrap()));
    }

    fn event(&mut self, clock: &mut Clock, now: i64) -> String {
        let (change, event) = match (self.chance.index(2), clock.is_paused()) {
            (0, true) => (clock.resume(ts(now), self.calendars).unwrap(), format!("r:{now}")),
            (0, false) => (clock.pause(ts(now), self.calendars).unwrap(), format!("p:{now}")),
            _ => {
                let (name, agency) = self.calendar();
                (clock.hand_over(agency, ts(now), self.calendars), format!("h:{now}:{name}"))
            }
        };
        clock.apply(&change);
        event
    }

    fn later(&mut self, now: i64) -> i64 {
        match self.chance.index(4) {
            0 => now,
            1 => now + self.chance.between(0, 7_200),
            2 => now + self.chance.between(0, 72) * 3_600,
            _ => now + self.chance.between(0, 10 * DAY),
        }
    }

    fn line(&mut self, question: &str, answer: i64) {
        writeln!(self.text, "{question} {answer}").unwrap();
    }
}

fn work(minutes: i64) -> Span {
    format!("PT{minutes}WM").parse().unwrap()
}

fn ts(local: i64) -> Ts {
    Ts::from_secs(local - AHEAD)
}

fn seconds(at: Ts) -> i64 {
    assert_eq!(at.0 % 1_000_000, 0);
    at.secs() + AHEAD
}

/// The same chance in every run: `SplitMix64`.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From one number to another, both included.
    fn between(&mut self, first: i64, last: i64) -> i64 {
        let span = u64::try_from(last - first + 1).unwrap();
        first + i64::try_from(self.next() % span).unwrap()
    }

    fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.between(0, i64::try_from(count).unwrap() - 1)).unwrap()
    }
}
