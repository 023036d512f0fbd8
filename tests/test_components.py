"""What happens to tests whose system component is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

NEEDY = """
import pytest

@pytest.mark.component("no-such-program")
def test_needs_it():
    "Needs a program that nobody has."
"""


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester) -> None:
    """A suite with our conftest and one test that needs a component which is never there."""
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers =\n    component(name): needs it\n")
    pytester.makepyfile(NEEDY)


def test_plain_use_lists_what_was_left_out_and_why(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer without the component sees the test skipped, with the component's name."""
    monkeypatch.delenv("ROSTERSYNC_TESTS", raising=False)
    result = pytester.runpytest_subprocess("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*no-such-program is not installed*"])


def test_under_all_a_missing_component_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Continuous integration leaves nothing out."""
    monkeypatch.setenv("ROSTERSYNC_TESTS", "all")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no-such-program is missing*"])
