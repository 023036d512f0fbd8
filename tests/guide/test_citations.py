"""Whatever a comment, a docstring or a page of the guide cites can be opened by a reader of the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rostersync import guide

TOP = Path(__file__).parents[2]
CODE = sorted(p for folder in ("rostersync", "tests") for p in (TOP / folder).rglob("*.py") if p != Path(__file__))
PAGES = {topic: guide.page(topic) for topic in guide.topics()}
CITED = re.compile(r"guide/([\w-]+)\.md(?:,? (fact|rule)s? (\d+(?:(?:, | and | to )\d+)*))?")
ELSEWHERE = re.compile(r"\b(SEMANTICS|MOODLE|LIBRARIES|GLOSSARY|DESIGN|STYLE)\.md|contract/\w+\.jsonl")


def numbers(topic: str) -> set[int]:
    """The numbered paragraphs of a page: its rules or facts."""
    return {int(number) for number in re.findall(r"^(\d+)\. ", PAGES[topic], re.MULTILINE)}


def cited(text: str) -> Iterator[tuple[str, list[int]]]:
    """Pages of the guide that a text cites, each with the numbers of the rules or facts."""
    for found in CITED.finditer(re.sub(r"\n[ #]*", " ", text)):
        yield found[1], [int(number) for number in re.findall(r"\d+", found[3] or "")]


def test_the_guide_lists_its_pages() -> None:
    """Each page is listed for one reader, each topic has its page, and each begins with a title."""
    listed = list(guide.topics())
    assert sorted(listed) == sorted({path.stem for path in Path(guide.__file__).parent.glob("*.md")})
    assert [topic for topic, text in PAGES.items() if not text.startswith("# ")] == []


def test_rules_and_facts_keep_their_numbers() -> None:
    """Rules 1 to 23 and facts 1 to 46, each once: comments cite them by number."""
    for topic, last in (("rules", 23), ("moodle", 46)):
        found = [int(number) for number in re.findall(r"^(\d+)\. ", PAGES[topic], re.MULTILINE)]
        assert found == list(range(1, last + 1))


def test_what_the_code_cites_is_in_the_guide() -> None:
    """Pages by their file, rules and facts by their number; no document that is not in the repository."""
    texts = {path: path.read_text(encoding="utf-8") for path in CODE}
    assert [str(path) for path, text in texts.items() if ELSEWHERE.search(text)] == []
    said = [(path, topic, several) for path, text in texts.items() for topic, several in cited(text)]
    assert len(said) >= 60
    assert [(path, topic) for path, topic, _ in said if topic not in PAGES] == []
    assert [(path, topic, n) for path, topic, several in said for n in several if n not in numbers(topic)] == []


@pytest.mark.parametrize("topic", PAGES)
def test_what_a_page_cites_can_be_opened(topic: str) -> None:
    """Links lead to pages of the guide or files of the repository, and named files are there."""
    folder = Path(guide.__file__).parent
    text = re.sub(r"```.*?```", "", PAGES[topic], flags=re.DOTALL)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (folder / link).exists()] == []
    files = re.findall(r"`((?:rostersync|tests|samples|\.github|\.ci)/[\w./-]*)`", text)
    assert [name for name in files if not (TOP / name).exists()] == []
    for word, several in re.findall(r"(?<!\w)(fact|rule)s? (\d+(?:(?:, | and | to )\d+)*)", text):
        known = numbers("moodle" if word == "fact" else "rules")
        assert {int(number) for number in re.findall(r"\d+", several)} <= known, several
