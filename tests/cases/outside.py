"""Try rostersync from outside: a site in a box, commands as somebody types them, and what the site says afterwards.

A case of cases.toml and own.toml has `id`, `why` (what comes in, and what has to come of it), `kind`, and

    state      the site that the box begins with; a file beside this one
    sandbox    more options of the box
    env        environment variables, such as settings
    commands   run one after the other, with one store; {cases} is this folder

Beside the commands of rostersync there are three that prepare something:

    put FILE NAME     a file of this folder is there, or there anew, under this name
    go FOLDER         the commands that follow are typed in this folder
    site STATE        another site answers at the same address; it is the one that is judged

What it has to come to is said of the site, not of the words on the screen; what is not said is free:

    lost       enrolments that are gone, and roles that people who are still enrolled had and have no more
    shut_out   people who were active and are not any more: suspended, over, or not yet begun
    enrolled   new enrolments
    given      new roles of people who were enrolled before
    redated    enrolments whose dates or status differ
    exit       exit codes of the last command that are right (0, 1, 3 and 4)
    says       a pattern that its output holds
    silent     a pattern that its output does not hold
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from tests import commands

HERE = Path(__file__).parent
ROSTERSYNC = (sys.executable, "-m", "rostersync")
EVERYDAY = "ordinary"
"""The kind of cases in which every command ends with 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What comes in, and what has to come of it."""

    id: str
    why: str
    kind: str
    state: str
    commands: Sequence[str]
    sandbox: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    lost: int | None = None
    shut_out: int | None = None
    enrolled: int | None = None
    given: int | None = None
    redated: int | None = None
    exit: Sequence[int] = (0, 1, 3, 4)
    says: str = ""
    silent: str = ""

    def on(self, release: str) -> Case:
        """The same on another release of Moodle than the one that the state names."""
        return replace(self, id=f"{self.id} on {release}", sandbox=(*self.sandbox, "--release", release))


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What differs between two states of a site: numbers as a case has them."""

    lost: int
    shut_out: int
    enrolled: int
    given: int
    redated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that ended."""

    command: str
    code: int
    said: str


def cases(name: str) -> list[Case]:
    """The cases of a file of this folder."""
    return [Case(**one) for one in tomllib.loads((HERE / name).read_text(encoding="utf-8"))["case"]]


def tried(case: Case, home: Path) -> tuple[Changed, list[Ended]]:
    """Run a case in a folder that is empty, and that it has for itself."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ROSTERSYNC_")}
    env |= {"HOME": str(home), "NO_COLOR": "1", "COLUMNS": "120"}
    env |= {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    env |= case.env
    ended: list[Ended] = []
    parts, state, at = _by_site(case.commands), case.state, "0"
    for place, (typed, following) in enumerate(parts):
        with _box(HERE / state, at, case.sandbox, env) as told:
            env |= {"ROSTERSYNC_SITE": told["url"], "ROSTERSYNC_TOKEN": told["token"]}
            before = _asked(told["url"])
            folder = home
            for words in typed:
                if words[0] == "put":
                    shutil.copyfile(HERE / words[1], folder / words[2])
                elif words[0] == "go":
                    folder = home / words[1]
                    folder.mkdir(exist_ok=True)
                else:
                    ended.append(_run(words, env, folder))
            changed = compared(before, _asked(told["url"]))
        if place < len(parts) - 1:
            state, at = following, str(urlsplit(told["url"]).port)
    return changed, ended


def faults(case: Case, changed: Changed, ended: Sequence[Ended]) -> list[str]:
    """What is not as the case says."""
    wrong = []
    for name in (one.name for one in fields(Changed)):
        want, got = getattr(case, name), getattr(changed, name)
        if want is not None and want != got:
            wrong.append(f"{name} is {got}, not {want}")
    *earlier, last = ended
    if last.code not in case.exit:
        wrong.append(f"exit code {last.code}, not {' or '.join(map(str, case.exit))}")
    if case.kind == EVERYDAY:
        wrong += [f"exit code {one.code}, not 0: {one.command}" for one in earlier if one.code]
    wrong += [f"a traceback: {one.command}" for one in ended if "Traceback (most recent call last)" in one.said]
    if case.says and not re.search(case.says, last.said, re.DOTALL | re.IGNORECASE):
        wrong.append(f"does not say {case.says}")
    if case.silent and (found := re.search(case.silent, last.said, re.DOTALL | re.IGNORECASE)):
        wrong.append(f"says {found[0]}")
    return wrong


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changed:
    """What differs between two documents of a site's state."""
    now = time.time()
    old, new = _enrolments(before), _enrolments(after)
    both = old.keys() & new.keys()
    was_in, is_in = ({(course, user) for course, _, user in site} for site in (old, new))
    held, holds = _roles(before), _roles(after)
    return Changed(
        lost=len(old.keys() - new.keys()) + sum(1 for *place, _ in held - holds if tuple(place) in is_in),
        shut_out=sum(1 for one in both if _active(*old[one], now) and not _active(*new[one], now)),
        enrolled=len(new.keys() - old.keys()),
        given=sum(1 for *place, _ in holds - held if tuple(place) in was_in),
        redated=sum(1 for one in both if old[one] != new[one]),
    )


def _enrolments(site: Mapping[str, Any]) -> dict[tuple[int, int, int], tuple[int, int, int]]:
    """Course, method and user → status, start and end."""
    courses = {method["id"]: method["courseid"] for method in site["enrol_instances"]}
    return {
        (courses[one["enrolid"]], one["enrolid"], one["userid"]): (one["status"], one["timestart"], one["timeend"])
        for one in site["enrolments"]
    }


def _roles(site: Mapping[str, Any]) -> set[tuple[int, int, int]]:
    """Course, user and role."""
    return {(one["courseid"], one["userid"], one["roleid"]) for one in site["role_assignments"]}


def _active(status: int, start: int, end: int, now: float) -> bool:
    return not status and start <= now and (not end or end > now)


def _by_site(commands: Sequence[str]) -> list[tuple[list[list[str]], str]]:
    """The words of the commands for each site, and the state of the site that follows."""
    parts: list[tuple[list[list[str]], str]] = []
    words: list[list[str]] = []
    for command in commands:
        split = [word.replace("{cases}", str(HERE)) for word in shlex.split(command)]
        if split[0] == "site":
            parts.append((words, split[1]))
            words = []
        else:
            words.append(split)
    return [*parts, (words, "")]


def _run(words: Sequence[str], env: Mapping[str, str], folder: Path) -> Ended:
    """Run a command in a process of its own, with both of its streams in one."""
    done = commands.run(words, env=env, folder=folder, both=True)
    said = done.stdout.decode("utf-8", "replace")
    return Ended(command=shlex.join(words).replace(str(HERE), "{cases}"), code=done.returncode, said=said)


def _asked(url: str) -> dict[str, Any]:
    """The site's state."""
    with urlopen(f"{url}/sandbox/state", timeout=commands.PATIENCE) as answer:  # noqa: S310 - a box on this machine
        return json.load(answer)


@contextmanager
def _box(state: Path, port: str, options: Sequence[str], env: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A site in a box, and what it says of itself when it is ready: its address, and its token."""
    command = [*ROSTERSYNC, "sandbox", "--json", "--port", port, "--state", str(state), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(env) | {"PYTHONUNBUFFERED": "1"}, text=True
    ) as box:
        assert box.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            line = box.stdout.readline()
            assert line, f"the box did not start: {text}"
            text += line
        try:
            yield json.loads(text)
        finally:
            box.send_signal(signal.SIGTERM)
