"""Say in plain words what two releases of Moodle answer differently, by their recordings.

    python -m tests.contract.differ 4.4 5.1

Times, addresses, the site's name and its version differ anyway and are left out.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.contract.recordings import ENROLLED, FOLDERS, HERE, USER, essence, recorded

SITE_INFO = "core_webservice_get_site_info"
_WHEN = re.compile(r"\b179[0-9]{7}\b|\b17954[0-9]{5}\b")
_SITE = re.compile(r"\bReal [0-9]{2}\b")
_LONGEST = 60


def files(release: str) -> set[str]:
    """The names of a release's recordings."""
    return {path.name for folder in (FOLDERS[release], HERE / release) for path in folder.glob("*.jsonl")}


def differ(one: str, other: str) -> Iterator[str]:
    """Tell what differs between two releases, file by file: a heading, then a line for each difference."""
    for name in sorted(files(one) & files(other)):
        told = list(_file(name, one, other))
        yield f"{name}: {'' if told else 'nothing differs'}".rstrip()
        yield from (f"  {line}" for line in told)
    for release, others in ((one, files(other)), (other, files(one))):
        only = sorted(files(release) - others)
        if only:
            yield f"Recorded of {release} alone: {', '.join(only)}"


def _file(name: str, one: str, other: str) -> Iterator[str]:
    pairs, lone = _paired(recorded(name, one), recorded(name, other))
    spelled: Counter[tuple[str, str]] = Counter()
    fields: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for first, second in pairs:
        yield from _line(first, second, one, other)
        was, now = _exception(first), _exception(second)
        if was and now and was != now and was.split("\\")[-1] == now.split("\\")[-1]:
            spelled[was, now] += 1
        for release, field in _fields(first, second, one, other):
            fields[first["function"], release, field].append(_label(first))
    for (was, now), count in sorted(spelled.items()):
        yield f"{_count(count, 'error')}: {was} in {one} is {now} in {other}"
    for (function, release, field), where in sorted(fields.items()):
        yield f"{function}: only {release} gives {field} ({_count(len(where), 'call')}, first {where[0]})"
    for release, lines in zip((one, other), lone, strict=True):
        yield from (f"{_label(line)}: recorded of {release} alone" for line in lines)


def _paired(
    first: Sequence[dict[str, Any]], second: Sequence[dict[str, Any]]
) -> tuple[list[tuple[dict[str, Any], dict[str, Any]]], tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Bring together the lines that say the same happened, by title, function and how often that was before."""
    sides = [dict(_numbered(lines)) for lines in (first, second)]
    both = [(line, sides[1][key]) for key, line in sides[0].items() if key in sides[1]]
    lone = [[line for key, line in side.items() if key not in sides[1 - at]] for at, side in enumerate(sides)]
    return both, (lone[0], lone[1])


def _numbered(lines: Sequence[dict[str, Any]]) -> Iterator[tuple[tuple[str, str, int], dict[str, Any]]]:
    seen: Counter[tuple[str, str]] = Counter()
    for line in lines:
        key = (line["title"], line.get("function", ""))
        seen[key] += 1
        yield (*key, seen[key]), line


def _line(first: dict[str, Any], second: dict[str, Any], one: str, other: str) -> Iterator[str]:
    if "function" not in first:
        was, now = _held(first), _held(second)
        if was != now:
            yield f"{_label(first)}: the database held {was} in {one}, and {now} in {other}"
        return
    was, now = _said(first), _said(second)
    if was != now:
        yield f"{_label(first)} ({first['function']}): {one} {was}, {other} {now}"
    elif not _exception(first) and first["function"] != SITE_INFO and "text" not in first:
        was, now = _masked(_kept(first)), _masked(_kept(second))
        if was != now:
            start = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(was, now, strict=False)))
            parts = (_short(text[max(0, start - 20) :]) for text in (was, now))
            yield f"{_label(first)} ({first['function']}): the answers differ: {' and '.join(parts)}"


def _held(line: Mapping[str, Any]) -> str:
    """Tell what the database held: people by name, other rows as they are, but for ids and seconds."""
    rows = line.get("rows") or []
    if "username" in line.get("sql", "") and all("username" in row for row in rows):
        return ", ".join(row["username"] for row in rows) or "nobody"
    varying = ("id", "iteminstance", "path", "seconds")
    kept = [{name: value for name, value in row.items() if name not in varying} for row in rows]
    shown = ("; ".join(f"{name} {value}" for name, value in row.items()) for row in kept)
    return _masked(" | ".join(shown))[1:-1] or "nothing"


def _said(line: Mapping[str, Any]) -> str:
    """Tell how a call ended."""
    retry = line.get("headers", {}).get("Retry-After")
    if line["status"] != 200 or "text" in line:
        return f"answers HTTP {line['status']}, {line['content_type']}{f', Retry-After {retry}' if retry else ''}"
    if _exception(line):
        code = essence(line["function"], line["json"])
        assert isinstance(code, dict)
        return f"refuses with {code.get('errorcode') or 'an error of PHP'}"
    return "does it" if line["json"] is None else "answers"


def _exception(line: Mapping[str, Any]) -> str:
    body = line.get("json")
    return str(body["exception"]) if isinstance(body, dict) and "exception" in body else ""


def _kept(line: Mapping[str, Any]) -> object:
    """Return what a client can rely on, without people's names apart, which are told by field."""
    kept = essence(line["function"], line["json"])
    if isinstance(kept, list) and line["function"] in ("core_user_get_users_by_field", "core_enrol_get_enrolled_users"):
        names = USER + ENROLLED
        return [{name: row[name] for name in names if name in row} for row in kept]
    return kept


def _fields(first: dict[str, Any], second: dict[str, Any], one: str, other: str) -> Iterator[tuple[str, str]]:
    """List the fields that only one of two answers has, with the release that has them."""
    if "json" in first and "json" in second and not _exception(first) and not _exception(second):
        was, now = set(_names(first["json"])), set(_names(second["json"]))
        yield from ((one, name) for name in sorted(was - now))
        yield from ((other, name) for name in sorted(now - was))


def _names(value: object) -> Iterator[str]:
    match value:
        case dict():
            yield from value
            for below in value.values():
                yield from _names(below)
        case list():
            for below in value:
                yield from _names(below)


def _masked(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False).replace("\\r\\n", "\\n")
    return _SITE.sub("Real", _WHEN.sub("<time>", text))


def _label(line: Mapping[str, Any]) -> str:
    return f"{line['n']} {line['title']}" if "n" in line else str(line["title"])


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def main() -> None:
    """Print the differences."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract.differ", description=__doc__.splitlines()[0])
    for name in ("one", "other"):
        parser.add_argument(name, choices=sorted(FOLDERS), help="a release")
    given = parser.parse_args()
    print("\n".join(differ(given.one, given.other)))  # noqa: T201 -- what it is for


if __name__ == "__main__":
    main()
