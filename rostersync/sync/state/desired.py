"""Unite resolved rows into desired enrolments: one for each (user, course), with its roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rostersync.enums import Action, RowState, Status
from rostersync.frames.packed import (
    Ints,
    Mask,
    contains,
    distinct,
    enrolment_of,
    first_of_run,
    in_order,
    of_people,
    pack,
    place,
)
from rostersync.settings import Settings
from rostersync.sync.resolve.distinct_keys import gone
from rostersync.sync.resolve.row_ids import Resolution
from rostersync.sync.resolve.row_states import replaced
from rostersync.sync.state import sections
from rostersync.tables import BLOCKERS, PROBLEMS, ROLES, Roster

DEFAULT_ROLES: Mapping[str, int] = {"manager": 1, "coursecreator": 2, "editingteacher": 3, "teacher": 4, "student": 5}
"""Moodle's own ids, for roles that no enrolled person showed yet (guide/moodle.md, fact 16)."""

ACTIONS = tuple(str(a) for a in Action)
STATUSES = tuple(str(s) for s in Status)
OK, REJECTED, DUPLICATE = (list(RowState).index(s) for s in (RowState.OK, RowState.REJECTED, RowState.DUPLICATE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What the roster wants: one entry for each (course, user), sorted by key.

    `role_keys` are packed (course, user, role), sorted and distinct. `any_role` says that a removal names no role.
    """

    keys: Ints
    action: Ints
    status: Ints
    start: Ints
    end: Ints
    row: Ints
    any_role: Mask
    role_keys: Ints

    def of(self, people: Ints) -> Desired:
        """What it wants of these (course, user); they are sorted and distinct."""
        at = place(self.keys, people)
        at = at[at >= 0]
        arrays = {
            name: getattr(self, name)[at] for name in ("keys", "action", "status", "start", "end", "row", "any_role")
        }
        return Desired(**arrays, role_keys=self.role_keys[of_people(self.role_keys, people)])


def site_roles(learnt: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """ROLES: what was learnt from Moodle, then what the settings say, then Moodle's defaults."""
    known = {int(i): str(n) for i, n in zip(learnt["role_id"], learnt["shortname"], strict=True)}
    names = set(known.values())
    lines: list[dict[str, Any]] = [{"role_id": i, "shortname": n, "learnt": True} for i, n in sorted(known.items())]
    for name, number in (*settings.roles.items(), *DEFAULT_ROLES.items()):
        if name not in names and number not in known:
            lines.append({"role_id": number, "shortname": name, "learnt": False})
            names.add(name)
            known[number] = name
    return ROLES.records(lines)


def give_roles(roster: Roster, resolution: Resolution, roles: pd.DataFrame, settings: Settings) -> Resolution:
    """The same rows with role ids.

    A role word that is no role of this site, or one that a roster may not give, rejects its row. So does a blank one
    in a row that adds: it would take every role away.

    Args:
        roster: for the role names (ROSTER.role_name).
        resolution: what `resolve` made.
        roles: ROLES of the site.
        settings: assignable_roles.
    """
    ids = {str(n): int(i) for i, n in zip(roles["role_id"], roles["shortname"], strict=True)}
    names = {i: n for n, i in ids.items()}
    numbers = {str(i): i for i in names}
    named = roster.distinct("role_name")
    codes, words = named.index, [str(word) for word in named.texts.to_pylist()]
    by_word = []
    for word in words:
        one = ids.get(word, 0) or numbers.get(word.lstrip("0"), 0)
        allowed = not word or names.get(one) in settings.assignable_roles
        by_word.append((one, "" if allowed else "role_not_allowed" if one else "role_not_on_site"))
    number = np.fromiter((n for n, _ in by_word), dtype=np.int64, count=len(by_word))[codes]
    bad = np.array([bool(c) for _, c in by_word], dtype=np.bool_)[codes]
    # Whoever does not take part names a role that the file covers, if it is one that a row may give.
    rows = resolution.rows.assign(role_id=np.where(bad & gone(resolution.rows), 0, number))
    bare = (number == 0) & (_codes(rows["action"], ACTIONS) == ACTIONS.index(Action.ADD))
    hurt = np.flatnonzero((bad | bare) & (rows["state"].cat.codes.to_numpy() == OK))
    found = [
        (int(at), by_word[codes[at]][1] or "role_blank", names.get(int(number[at]), words[codes[at]])) for at in hurt
    ]
    return reject(roster, resolution, rows, found, hold="unreadable_row")


def reject(
    roster: Roster, resolution: Resolution, rows: pd.DataFrame, found: list[tuple[int, str, str]], *, hold: str
) -> Resolution:
    """Rows at these places rejected with (place, code, detail); each holds its person in its course."""
    if not found:
        return replace(resolution, rows=rows)
    places = np.array([at for at, _, _ in found], dtype=np.int64)
    state = rows["state"].cat.codes.to_numpy(copy=True)
    state[places] = REJECTED
    rows = rows.assign(
        state=pd.Categorical.from_codes(state, dtype=rows["state"].dtype),
        code=replaced(rows["code"], {at: code for at, code, _ in found}),
        detail=replaced(rows["detail"], {at: detail for at, _, detail in found}),
    )
    lines = roster.rows.iloc[places]
    problems = PROBLEMS.frame(
        {
            "row": places,
            "source": lines["source"],
            "line": lines["line"],
            "code": [c for _, c, _ in found],
            "value": lines["role"],
            "detail": [d for _, _, d in found],
        }
    )
    hurt = rows.iloc[places]
    blockers = BLOCKERS.frame({"row": places, "course_id": hurt["course_id"], "user_id": hurt["user_id"], "code": hold})
    return replace(
        resolution,
        rows=rows,
        blockers=pd.concat([resolution.blockers, blockers], ignore_index=True),
        problems=pd.concat([resolution.problems, problems], ignore_index=True),
    )


def unite(roster: Roster, resolution: Resolution) -> tuple[Resolution, Desired]:
    """Rows of one (user, course) made one wanted enrolment; their roles are united.

    Rows of one section that contradict each other in dates, status or action reject all rows of that person in that
    course, and hold that person there; so does one that says that the person does not take part. Those of several
    sections are united (see `sections`). Rows alike in everything are one; the others become duplicates of the first.
    """
    resolution = _torn_by_absence(roster, resolution)
    rows = resolution.rows
    stands = rows["state"].cat.codes.to_numpy() == OK
    ok = np.flatnonzero(stands)
    full = pack(*(rows[name].to_numpy()[stands] for name in ("course_id", "user_id", "role_id")))
    order = in_order(full)
    full, ok = full[order], ok[order]
    says = {
        "action": _codes(rows["action"], ACTIONS),
        "status": _codes(rows["status"], STATUSES),
        "start": rows["start"].to_numpy(),
        "end": rows["end"].to_numpy(),
    }
    keys = enrolment_of(full)
    first = first_of_run(keys)
    starts = np.flatnonzero(first)
    head = ok[starts]
    # Most enrolments are one row, which has nothing to agree with.
    others = np.flatnonzero(~first)
    run = _run_of(starts, others)
    differ = np.zeros(len(head), dtype=np.bool_)
    for column in says.values():
        differ[run[column[ok[others]] != column[head[run]]]] = True
    made = _united(roster, ok, starts, differ, says)
    torn = np.zeros(len(head), dtype=np.bool_)
    torn[list(made.torn)] = True
    kept = ~np.repeat(torn, np.diff(starts, append=len(full))) if made.torn else np.ones(len(full), dtype=np.bool_)
    hurt = np.flatnonzero(~kept)
    found = sorted(
        (row, "rows_contradict", " and ".join(made.torn[number]))
        for row, number in zip(ok[hurt].tolist(), _run_of(starts, hurt).tolist(), strict=True)
    )
    united = reject(roster, resolution, rows, found, hold="contradiction")
    counts = kept.copy()
    single = first_of_run(full)
    if not single.all():
        twins = np.maximum.accumulate(np.where(single, np.arange(len(full)), 0))
        twins[made.rows] = made.rows[sections.alike(full[made.rows], {n: c[ok[made.rows]] for n, c in says.items()})]
        twin = kept & (twins != np.arange(len(full)))
        united = _mark_twins(united, ok[twin], ok[twins[twin]])
        counts &= ~twin
    counts[made.rows] &= made.counts
    if not made.counts.all():
        united = _tell(roster, united, ok[made.rows[~made.counts & kept[made.rows]]])
    bare = full == keys
    any_role = np.zeros(len(head), dtype=np.bool_)
    any_role[_run_of(starts, np.flatnonzero(bare & counts))] = True
    sound = ~torn if made.torn else slice(None)
    head[made.people] = ok[made.head]
    said = {name: _of_rows(column, head) for name, column in says.items()}
    if len(made.people):
        for name, values in (("start", made.start), ("end", made.end)):
            said[name] = np.array(said[name])
            said[name][made.people] = values
    roles = full[counts & ~bare]
    return united, Desired(
        keys=keys[starts][sound],
        **{name: column[sound] for name, column in said.items()},
        row=head[sound],
        any_role=any_role[sound],
        role_keys=distinct(roles) if len(made.people) else roles,  # rows with other dates are no duplicates
    )


def _torn_by_absence(roster: Roster, resolution: Resolution) -> Resolution:
    """Rejects rows of one person in one section of which one says that they do not take part, and another that they do.

    A row of another section goes before the one that is left.
    """
    rows = resolution.rows
    out = np.flatnonzero(gone(rows) & (rows["user_id"] > 0).to_numpy() & (rows["course_id"] > 0).to_numpy())
    if not len(out):
        return resolution
    stands = np.flatnonzero(rows["state"].cat.codes.to_numpy() == OK)
    section = sections.of_rows(roster)
    people = pack(rows["course_id"].to_numpy(), rows["user_id"].to_numpy())
    pairs = {(int(people[at]), int(section[at])) for at in out}
    named = stands[contains(distinct(people[out]), people[stands])]
    torn = {(int(people[at]), int(section[at])) for at in named} & pairs
    hurt = [at for at in (*named.tolist(), *out.tolist()) if (int(people[at]), int(section[at])) in torn]
    found = [(at, "rows_contradict", "who takes part") for at in sorted(hurt)]
    return reject(roster, resolution, rows, found, hold="contradiction")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sections:
    """What people are said to be whose rows differ; `rows` are places among those that stand, in their order."""

    people: Ints
    """Positions among the enrolments."""
    rows: Ints
    counts: Mask
    """Of `rows`, those that count."""
    head: Ints
    """For each of the people the place of the row that counts first."""
    start: Ints
    end: Ints
    torn: Mapping[int, list[str]]
    """Position among the enrolments → what contradicts itself."""


def _united(roster: Roster, ok: Ints, starts: Ints, differ: Mask, says: Mapping[str, Ints]) -> _Sections:
    """What the sections of a course say of those people whose rows are not alike."""
    people = np.flatnonzero(differ)
    rows = np.flatnonzero(np.repeat(differ, np.diff(starts, append=len(ok)))) if len(people) else people
    if not len(people):
        nobody = np.zeros(0, dtype=np.int64)
        return _Sections(people=people, rows=rows, counts=rows > 0, head=nobody, start=nobody, end=nobody, torn={})
    at = ok[rows]
    person = np.searchsorted(people, _run_of(starts, rows))
    made = sections.united(sections.of_rows(roster)[at], person, {n: c[at] for n, c in says.items()})
    return _Sections(
        people=people,
        rows=rows,
        counts=made.counts,
        head=rows[made.head],
        start=made.start,
        end=made.end,
        torn={int(people[p]): words for p, words in made.torn.items()},
    )


def _tell(roster: Roster, resolution: Resolution, rows: Ints) -> Resolution:
    """Says of rows that what they say of one section does not count, because another one has the person."""
    lines = roster.rows.iloc[np.sort(rows)]
    told = PROBLEMS.frame(
        {
            "row": lines["row"],
            "source": lines["source"],
            "line": lines["line"],
            "code": ["other_section"] * len(lines),
            "value": lines["part"],
        }
    )
    return replace(resolution, problems=pd.concat([resolution.problems, told], ignore_index=True))


def _run_of(starts: Ints, places: Ints) -> Ints:
    """In which of the runs that begin at these starts the places are."""
    return np.searchsorted(starts, places, side="right") - 1


def _of_rows(said: Ints, rows: Ints) -> Ints:
    """What these rows say; as a rule all rows say the same, or nothing."""
    if len(said) and (said == said[0]).all():
        return np.broadcast_to(said[0], len(rows))
    return said[rows]


def _mark_twins(resolution: Resolution, doubles: Ints, of: Ints) -> Resolution:
    """These rows as duplicates of those."""
    rows = resolution.rows
    state, twins = rows["state"].cat.codes.to_numpy(copy=True), rows["twin"].to_numpy(copy=True)
    state[doubles] = DUPLICATE
    twins[doubles] = of
    made = pd.Categorical.from_codes(state, dtype=rows["state"].dtype)
    return replace(resolution, rows=rows.assign(state=made, twin=twins))


def _codes(column: pd.Series, words: tuple[str, ...]) -> Any:  # noqa: ANN401 - small integers of any width
    if tuple(column.cat.categories) != words:
        raise TypeError(f"{column.name} has other categories than {words}")
    return column.cat.codes.to_numpy()
