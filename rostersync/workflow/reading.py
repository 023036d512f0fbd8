"""A roster goes in; everything that a decision is made from comes out, asked of Moodle and of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from rostersync import moodle
from rostersync.apply.samples import bear_out
from rostersync.enums import CourseField, Match, UserField
from rostersync.settings import Settings
from rostersync.sync import proposal, snapshot
from rostersync.sync.resolve import key_columns, row_ids, scrambled
from rostersync.sync.resolve.distinct_keys import both_asked
from rostersync.sync.resolve.matches import both_matched
from rostersync.sync.safety import signs
from rostersync.sync.snapshot import Snapshot
from rostersync.sync.state import desired, emptied, mirrored, scope
from rostersync.tables import COURSES, PEOPLE, USER_MATCHES, Roster
from rostersync.workflow import history, lookup, suggestions, user_cache
from rostersync.workflow.site import Site

EMPTIED = "after the last run; if it was emptied on purpose, name it with --courses this once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the first decision is made from, and how it is known."""

    basis: Snapshot
    notes: tuple[str, ...]
    """How the undecided columns were decided."""
    shown: pd.DataFrame
    """PEOPLE that were looked up or listed (these by their full names alone), where settings may mean one by name."""
    known: pd.DataFrame
    """USER_MATCHES that were not looked up: a list bears out what is remembered."""


def read(loaded: Roster, site: Site, *, afresh: bool = False) -> Gathered:
    """Everything that the first decision is made from.

    Args:
        loaded: the roster.
        site: the site.
        afresh: look up all keys, whatever is remembered of them.
    """
    settings, client, asked = site.settings, site.client, both_asked(loaded)
    with moodle.indispensable(client.address):
        courses = lookup.look_up_courses(asked[1], site)
        known, listed = (USER_MATCHES.empty(), {}) if afresh else user_cache.borne_out(asked, courses, site)
        users = lookup.look_up_users(loaded, asked[0], site, known)
        found = both_matched(asked, users, courses)
        lookup.make_sure(lookup.doubtful(loaded, found, settings), site)
    decisions = (
        key_columns.decide(asked[0], users, loaded.sources, settings.user_key),
        key_columns.decide(asked[1], courses, loaded.sources, settings.course_key),
    )
    unknown = lookup.unknown(found, decisions, settings)
    more = lookup.ask_again(unknown, users, courses, site)
    hinted = suggestions.look(loaded, found, decisions, more[1], site)
    offers = hinted.instead(lookup.offered(loaded, unknown, *more))
    with moodle.indispensable(client.address):
        beside = lookup.look_up_beside(loaded, found[0], decisions[0], site)
    resolution = row_ids.resolve(loaded, found, decisions, settings, offers, beside)
    if len(hinted.problems):
        resolution = replace(resolution, problems=pd.concat([hinted.problems, resolution.problems], ignore_index=True))
    in_scope = scope.courses_in_scope(loaded, resolution, courses, settings)
    ids = in_scope["course_id"].tolist()
    ledger = history.ledger(site.store, client.site, ids)
    read = moodle.read_courses(
        client,
        ids,
        page_size=settings.page_size,
        with_status=scope.needs_status(resolution, in_scope, ledger, settings),
        listed=listed,
        progress=site.told("reading courses"),
    )
    reads = emptied.doubt_emptied(
        read.reads,
        site.store.courses_seen(client.site, ids),
        EMPTIED,
        believed=in_scope.loc[in_scope["may_empty"], "course_id"].tolist(),
    )
    ledger = history.forget_lifted(site.store, client.site, ledger, read.current, reads)
    own_id = (client.info or moodle.site_info(client)).user_id
    resolution = scrambled.reject_scrambled(loaded, resolution, users, read.people)
    made = snapshot.basis(
        loaded, resolution, in_scope, (read.current, reads, read.roles), ledger, settings, own_id=own_id
    )
    made = replace(made, accounts=_accounts(users), signs=_signs(loaded, made, site))
    return Gathered(basis=made, notes=made.resolution.notes, shown=_shown(users, read.people, settings), known=known)


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
        sides=replace(
            known.sides,
            lists=snapshot.complete_lists(read.current, reads),
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
        known = snapshot.read_closer(known, again.current, again.reads)
    known = snapshot.with_belief(
        known,
        bear_out(
            site.client,
            changes,
            known.sides.lists.table,
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
