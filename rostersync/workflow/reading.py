"""Read what Moodle and the store have of a roster's courses: for the comparison, and once more before a loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from rostersync import moodle
from rostersync.apply.samples import bear_out
from rostersync.enums import CourseField, Match, UserField
from rostersync.settings import Settings
from rostersync.sync import proposal
from rostersync.sync.resolve import scrambled
from rostersync.sync.safety import signs
from rostersync.sync.snapshot import Snapshot, complete_lists, read_closer, snapshot_of, with_belief
from rostersync.sync.state import desired, emptied, mirrored, scope
from rostersync.tables import COURSES, PEOPLE, Roster
from rostersync.workflow import history
from rostersync.workflow.resolve import ResolvedRoster
from rostersync.workflow.site import Site

EMPTIED = "after the last run; if it was emptied on purpose, name it with --courses this once"


def read(roster: Roster, resolved: ResolvedRoster, site: Site) -> Snapshot:
    """Everything that the first decision is made from: the current enrolments and the ledger beside the desired ones.

    Args:
        roster: the rows.
        resolved: the same with their ids.
        site: the site.

    Raises:
        SiteError: nothing can go on.
    """
    settings, client = site.settings, site.client
    courses = scope.courses_in_scope(roster, resolved.resolution, resolved.courses, settings)
    ids = courses["course_id"].tolist()
    ledger = history.ledger(site.store, client.site, ids)
    current = moodle.read_courses(
        client,
        ids,
        page_size=settings.page_size,
        with_status=scope.needs_status(resolved.resolution, courses, ledger, settings),
        listed=resolved.listed,
        progress=site.told("reading courses"),
    )
    reads = emptied.doubt_emptied(
        current.reads,
        site.store.courses_seen(client.site, ids),
        EMPTIED,
        believed=courses.loc[courses["may_empty"], "course_id"].tolist(),
    )
    ledger = history.forget_lifted(site.store, client.site, ledger, current.current, reads)
    own_id = (client.info or moodle.site_info(client)).user_id
    resolution = scrambled.reject_scrambled(roster, resolved.resolution, resolved.users, current.people)
    known = snapshot_of(
        roster, resolution, courses, (current.current, reads, current.roles), ledger, settings, own_id=own_id
    )
    return replace(
        known,
        accounts=_accounts(resolved.users),
        signs=_signs(roster, known, site),
        shown=_shown(resolved.users, current.people, settings),
    )


def _shown(users: pd.DataFrame, listed: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """PEOPLE who were looked up or listed, where a name of theirs may stand in protected_users."""
    if not any(" " in name.strip() for name in settings.protected_users):
        return PEOPLE.empty()
    looked_up = PEOPLE.frame({name: users[name] for name in PEOPLE.columns})
    return pd.concat([looked_up, listed], ignore_index=True).drop_duplicates("user_id", ignore_index=True)


def _signs(loaded: Roster, known: Snapshot, site: Site) -> signs.Signs:
    """What tells that the roster may be a part only, or an old one, by what is remembered of those before it."""
    mine = mirrored.courses_of(loaded, known.resolution)
    before = site.store.rosters_seen(site.client.site, mine["course_id"].tolist())
    past = mirrored.all_past(loaded, known.resolution, int(site.clock()))
    return signs.signs_of(mine, before, past, site.settings)


def read_again(known: Snapshot, site: Site) -> Snapshot:
    """The same with its courses, whatever is in them, and the ledger, as they are now."""
    client, ids = site.client, known.courses["course_id"].tolist()
    with moodle.indispensable(client.address):
        found = moodle.find_courses(client, CourseField.ID, [str(i) for i in ids])
    found = found[found["match"] == Match.EXACT].drop_duplicates("course_id")
    gone = known.courses[~known.courses["course_id"].isin(found["course_id"])]
    courses = COURSES.frame({n: found[n] for n in COURSES.columns if n in found.columns})
    read = moodle.read_courses(
        client, ids, page_size=site.settings.page_size, with_status=ids, progress=site.told("reading courses")
    )
    seen_then = site.store.courses_seen(client.site, ids)
    reads = emptied.doubt_emptied(read.reads, seen_then, EMPTIED)
    learnt = pd.concat([read.roles, known.roles[known.roles["learnt"]]], ignore_index=True).drop_duplicates("role_id")
    return replace(
        known,
        courses=pd.concat([courses, gone], ignore_index=True).sort_values("course_id", ignore_index=True),
        roles=desired.site_roles(learnt, site.settings),
        comparison=replace(
            known.comparison,
            lists=complete_lists(read.current, reads),
            ledger=history.ledger(site.store, client.site, ids),
        ),
        reads=reads,
        own_id=(client.info or moodle.site_info(client)).user_id,
    )


def look_closer(known: Snapshot, changes: pd.DataFrame, site: Site) -> Snapshot:
    """The same with the courses read again that would change, and the names of everybody whom a change is about.

    Their lists are read past their end, for a page that came short need not have been the last, and those of courses
    that would lose or gain somebody are counted as well. Where that cannot be, people to be added are asked for their
    own courses.
    """
    losing = proposal.may_lose(changes)
    peopled = set(known.reads.loc[known.reads["listed"] > 0, "course_id"].tolist())  # an empty page is the end
    adding = set(proposal.may_gain(changes)) & peopled - set(losing)
    gaining = sorted(adding | set(proposal.may_redate(changes)) & peopled - set(losing))
    told = set(known.reads.loc[known.reads["status_known"], "course_id"].tolist())
    if losing or gaining:
        again = moodle.read_courses(
            site.client,
            [*losing, *gaining],
            page_size=site.settings.page_size,
            with_status=[*losing, *(c for c in gaining if c in told)],
            to_prove=[*losing, *adding],
            to_the_end=gaining,
            progress=site.told("counting courses"),
        )
        known = read_closer(known, again.current, again.reads)
    known = with_belief(
        known,
        bear_out(
            site.client,
            changes,
            known.comparison.lists.table,
            known.reads,
            known.courses,
            known.roles,
            progress=site.told("asking people for their courses"),
        ),
    )
    people, unconfirmed = _people(known.accounts, changes, site)
    return replace(known, people=people, unconfirmed=unconfirmed)


def _accounts(users: pd.DataFrame) -> pd.DataFrame:
    """PEOPLE that were found for the keys of a roster (USER_MATCHES), by id."""
    found = users[users["user_id"] > 0].drop_duplicates("user_id").sort_values("user_id", ignore_index=True)
    return PEOPLE.frame({name: found[name] for name in PEOPLE.columns})


def _people(accounts: pd.DataFrame, changes: pd.DataFrame, site: Site) -> tuple[pd.DataFrame, frozenset[int]]:
    """PEOPLE whom the changes are about: who may lose something as Moodle shows them now, others as they were found.

    And the ids of those whom Moodle does not unenrol, because they are not confirmed.
    """
    ids, going = proposal.concerned(changes), proposal.may_go(changes)
    found = accounts[accounts["user_id"].isin(set(ids) - set(going))]
    asked = _look_up_people(sorted(set(ids) - set(found["user_id"].tolist())), site)
    people = pd.concat([found, PEOPLE.frame({name: asked[name] for name in PEOPLE.columns})], ignore_index=True)
    refused = asked.loc[asked["unconfirmed"], "user_id"].tolist() if len(asked) else []
    unconfirmed = frozenset(refused) if refused and moodle.refuses_unconfirmed(site.client) else frozenset()
    return people.sort_values("user_id", ignore_index=True), unconfirmed


def _look_up_people(ids: Sequence[int], site: Site) -> pd.DataFrame:
    """USER_MATCHES of these ids, without those whom Moodle cannot show."""
    keys, told = [str(i) for i in ids], site.told("asking for names")
    with moodle.indispensable(site.client.address):
        found = moodle.find_users(site.client, UserField.ID, keys, progress=told)
    return found[found["match"] == Match.EXACT].drop_duplicates("user_id")
