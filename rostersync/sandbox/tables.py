"""Hold records in memory with indexed look-ups; every write can be rolled back."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")


class Log:
    """The undo log that the tables of one state share; it keeps nothing outside a transaction."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] | None = None

    def note(self, step: Callable[[], object]) -> None:
        """Remember how to take back the write that was just made."""
        if self._steps is not None:
            self._steps.append(step)

    @contextmanager
    def transaction(self, *, undo: bool = True) -> Iterator[list[Callable[[], object]]]:
        """Take back what was written inside, newest first, if anything is raised; gives the steps that were noted.

        Without `undo` it only gives the steps: a function that reads has no transaction around it.
        """
        steps: list[Callable[[], object]] = []
        self._steps = steps
        try:
            yield steps
        except BaseException:
            self._steps = None  # taking back is not to be taken back
            for step in reversed(steps if undo else ()):
                step()
            raise
        finally:
            self._steps = None


class StateTable(Generic[Key, Row]):
    """Rows by their key; read `rows` freely, write by `put` and `drop` only."""

    def __init__(self, log: Log) -> None:
        self.rows: dict[Key, Row] = {}
        self._log = log

    def put(self, key: Key, row: Row) -> None:
        """Add a row or replace the one of this key."""
        if key in self.rows:
            old = self.rows[key]
            self._log.note(lambda: self.put(key, old))
        else:
            self._log.note(lambda: self.drop(key))
        self.rows[key] = row

    def drop(self, key: Key) -> None:
        """Take a row away, if it is there."""
        if key in self.rows:
            old = self.rows.pop(key)
            self._log.note(lambda: self.put(key, old))


class Links:
    """Pairs of ids, such as a group and its member, found by the first."""

    def __init__(self, log: Log) -> None:
        self._rights: dict[int, dict[int, None]] = {}
        self._log = log

    def add(self, left: int, right: int) -> None:
        """Add a pair; a pair that is there stays."""
        rights = self._rights.setdefault(left, {})
        if right not in rights:
            rights[right] = None
            self._log.note(lambda: self.drop(left, right))

    def drop(self, left: int, right: int) -> None:
        """Take a pair away, if it is there."""
        rights = self._rights.get(left, {})
        if right in rights:
            del rights[right]
            self._log.note(lambda: self.add(left, right))

    def has(self, left: int, right: int) -> bool:
        """Tell whether the pair is there."""
        return right in self._rights.get(left, {})

    def of(self, left: int) -> list[int]:
        """List what belongs to the first id, in order."""
        return sorted(self._rights.get(left, ()))

    def pairs(self) -> list[tuple[int, int]]:
        """List all pairs, in order."""
        return [(left, right) for left in sorted(self._rights) for right in self.of(left)]


class Holdings(Generic[Key, Row]):
    """What people have in courses, such as enrolments by instance or roles; found by course, by person, or by both."""

    def __init__(self, log: Log) -> None:
        self._courses: dict[int, dict[int, dict[Key, Row]]] = {}
        self._people: dict[int, dict[int, None]] = {}
        self._log = log

    def put(self, courseid: int, userid: int, key: Key, row: Row) -> None:
        """Add a row or replace the one of this key."""
        held = self._courses.setdefault(courseid, {}).setdefault(userid, {})
        if key in held:
            old = held[key]
            self._log.note(lambda: self.put(courseid, userid, key, old))
        else:
            self._people.setdefault(userid, {})[courseid] = None
            self._log.note(lambda: self.drop(courseid, userid, key))
        held[key] = row

    def drop(self, courseid: int, userid: int, key: Key) -> None:
        """Take a row away, if it is there."""
        people = self._courses.get(courseid, {})
        held = people.get(userid, {})
        if key not in held:
            return
        old = held.pop(key)
        if not held:
            del people[userid]
            del self._people[userid][courseid]
        self._log.note(lambda: self.put(courseid, userid, key, old))

    def people(self, courseid: int) -> Mapping[int, Mapping[Key, Row]]:
        """Return the rows of one course: user id -> key -> row."""
        return self._courses.get(courseid, {})

    def held(self, courseid: int, userid: int) -> Mapping[Key, Row]:
        """Return the rows of one person in one course: key -> row."""
        return self._courses.get(courseid, {}).get(userid, {})

    def courses(self, userid: int) -> list[int]:
        """List the courses in which somebody has a row, by id."""
        return sorted(self._people.get(userid, ()))

    def all(self) -> Iterator[Row]:
        """Go through all rows, in no useful order."""
        return (row for people in self._courses.values() for held in people.values() for row in held.values())
