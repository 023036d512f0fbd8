import re

import pytest

from rostersync import guide
from rostersync.cli.sandbox import command
from rostersync.sandbox.faults import NETWORK, FaultKind

SECTION = guide.page("sandbox")


def listed(head: str) -> list[str]:
    """The words in the first column of the table whose head begins so, without what follows an equals sign."""
    rows = re.split(rf"^\| {head} \|.*\n\|[-|]+\n", SECTION, flags=re.MULTILINE)[1].partition("\n\n")[0]
    return [name for row in rows.splitlines() for name in re.findall(r"`([^`=]+)[^`]*`", row.split(" | ")[0])]


def test_the_guide_lists_every_fault() -> None:
    """Moods and faults of the network, each once."""
    assert sorted(listed("mood of the site")) == sorted(kind.value for kind in FaultKind if kind not in NETWORK)
    assert sorted(listed("fault of the network")) == sorted(kind.value for kind in NETWORK)


def test_the_help_lists_every_fault() -> None:
    """Whoever has no guide at hand finds the words that `--fault` takes."""
    words = (command.help or "").partition("Faults:")[2].partition("\n\n")[0].replace(",", " ").split()
    assert words == [kind.value for kind in FaultKind]


@pytest.mark.parametrize(
    "option",
    [
        "--fault",
        "--fault-seed",
        "--max-input-vars",
        "--post-max-size",
        "--without",
        "--latency",
        "--release",
        "--database",
    ],
)
def test_the_guide_has_every_option_of_bad_days(option: str) -> None:
    """In the table of options, and the command takes it."""
    assert f"`{option} " in SECTION
    assert option in {name for one in command.params for name in one.opts}
