"""The arithmetic of nights, which `rostersync help scale` shows."""

from __future__ import annotations

from tests.bench import scale


def test_a_night_is_the_sum_of_its_parts_and_workers_share_the_sites() -> None:
    """A minute and a quarter a site; thirty sites take thirty times as long, and four workers a quarter, rounded up."""
    assert 80 <= sum(scale.night().values()) <= 88
    hours = [line.split("|")[2].split("(")[0].strip() for line in scale.table().splitlines()[2:]]
    assert hours[0] == "1 min"
    assert round(30 * sum(scale.night().values()) / 60) == int(hours[1].split()[0])
