"""A second opinion on working time, from the package `holidays` and by brute force.

python check_working_time.py days         prints each working day of the years below, as `holidays` sees it
python check_working_time.py cases FILE   computes each line of FILE again and prints the lines that differ

The calendars of agencies below say a second time, by hand, what crates/worktime/rules/agencies.example.toml says. Every
minute on which somebody works becomes an entry of a table, and time is counted by counting entries. Moments are seconds
since 1970 by the clocks of Vietnam.
"""

import sys
from array import array
from bisect import bisect_left
from datetime import date, timedelta

import holidays

FIRST, LAST = date(2018, 1, 1), date(2030, 12, 31)
EPOCH = date(1970, 1, 1)
VIETNAM = holidays.VN(years=range(FIRST.year, LAST.year + 1))
# The swap of 25 December 2025 (12729/VPCP-KGVX), which the package does not have.
SWAPPED = {date(2026, 1, 2): False, date(2026, 1, 10): True}


def days():
    day = FIRST
    while day <= LAST:
        yield day
        day += timedelta(1)


def minutes(text):
    """`07:00-11:30 13:30-17:00` as pairs of minutes since midnight."""
    clock = lambda time: int(time[:2]) * 60 + int(time[3:])
    return [tuple(clock(time) for time in shift.split("-")) for shift in text.split()]


USUAL = minutes("07:00-11:30 13:30-17:00")


def country(day):
    """The hours of a day, and whether it counts as a working day."""
    works = SWAPPED.get(day, VIETNAM.is_working_day(day))
    return (USUAL if works else [], works)


def province(day):
    if date(2026, 10, 26) <= day <= date(2026, 10, 28):
        return ([], False)
    return (USUAL, True) if day == date(2026, 11, 7) else country(day)


def one_stop(day):
    hours, counts = province(day)
    if day < date(2026, 1, 1):
        return (hours, counts)
    if day == date(2026, 12, 31):
        return (minutes("07:30-11:30"), True)
    if counts:
        return (minutes("07:30-11:30 13:30-17:00"), True)
    is_free_saturday = day.weekday() == 5 and day not in VIETNAM and not date(2026, 10, 26) <= day <= date(2026, 10, 28)
    return (minutes("07:30-11:30") if is_free_saturday else [], False)


def police(day):
    _, counts = country(day)
    if date(2025, 4, 15) <= day <= date(2025, 10, 15):
        make_up = day in VIETNAM.weekend_workdays
        if day.weekday() == 5 and day not in VIETNAM and not make_up:
            return (minutes("06:30-11:00"), True)
        return (minutes("06:30-11:00 14:00-17:30") if counts else [], counts)
    if day >= date(2026, 1, 1):
        return (minutes("07:00-12:00 13:00-18:00") if counts else [], counts)
    return country(day)


class Walker:
    """Counts working time of one calendar entry by entry."""

    def __init__(self, rule):
        self.open = array("l")
        self.closes = {}
        self.counted = set()
        for day in days():
            number = (day - EPOCH).days
            hours, counts = rule(day)
            for begin, end in hours:
                self.open.extend(range(number * 1440 + begin, number * 1440 + end))
            if hours:
                self.closes[number] = (number * 1440 + hours[-1][1]) * 60
            if counts:
                self.counted.add(number)

    def place(self, minute):
        return bisect_left(self.open, minute)

    def is_entry(self, minute):
        place = self.place(minute)
        return place < len(self.open) and self.open[place] == minute

    def is_open(self, at):
        return self.is_entry(at // 60) or (at % 60 == 0 and self.is_entry(at // 60 - 1))

    def worked(self, at):
        """Seconds of work before a moment."""
        return self.place(at // 60) * 60 + (at % 60 if self.is_entry(at // 60) else 0)

    def add(self, at, seconds):
        if seconds == 0:
            return at if self.is_open(at) else self.open[self.place(at // 60)] * 60
        last = self.worked(at) + seconds - 1
        return self.open[last // 60] * 60 + last % 60 + 1

    def sub(self, at, seconds):
        if seconds == 0:
            return at if self.is_open(at) else self.open[self.place(at // 60) - 1] * 60 + 60
        first = self.worked(at) - seconds
        return self.open[first // 60] * 60 + first % 60

    def between(self, begin, end):
        return max(0, self.worked(end) - self.worked(begin))

    def days(self, begin, end):
        """Working days after the one, up to the other."""
        return sum(1 for day in range(begin // 86400 + 1, end // 86400 + 1) if day in self.counted)

    def due(self, at, count):
        """The close of the count-th working day after; of none, the first close that is not past."""
        day = at // 86400
        if count == 0:
            while day not in self.counted or self.closes[day] < at:
                day += 1
            return self.closes[day]
        while count > 0:
            day += 1
            count -= day in self.counted
        return self.closes[day]


def clock(walkers, limit, at, who, events):
    """When a clock is due that runs from `at` on, through pauses and agencies."""
    kind, left = limit[0], int(limit[1:])
    runs = True
    for event in events.split(",") if events != "-" else []:
        what, moment, *other = event.split(":")
        moment, walker = int(moment), walkers[who]
        if runs:
            due = walker.due(at, left) if kind == "d" else walker.add(at, left)
            if due <= moment:
                return due
            left -= min(left, walker.days(at, moment)) if kind == "d" else walker.between(at, moment)
        at, runs, who = moment, what != "p" and (runs or what == "r"), other[0] if other else who
    return walkers[who].due(at, left) if kind == "d" else walkers[who].add(at, left)


def check(path):
    rules = {"country": country, "province": province, "one-stop": one_stop, "police": police}
    walkers = {name: Walker(rule) for name, rule in rules.items()}
    checked, differing = 0, 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            what, *rest = line.split()
            if what == "clock":
                limit, at, who, events, said = rest
                found = clock(walkers, limit, int(at), who, events)
            else:
                who, first, second, said = rest
                found = getattr(walkers[who], what)(int(first), int(second))
            checked += 1
            if found != int(said):
                differing += 1
                if differing <= 20:
                    print(f"{line.strip()}: {found}")
    print(f"{checked} checked, {differing} differ")


if sys.argv[1] == "days":
    print("\n".join(str(day) for day in days() if VIETNAM.is_working_day(day)))
else:
    check(sys.argv[2])
