"""Keep the gradebooks of the courses: items, totals and grades, and who looked first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rostersync.sandbox.records import Grade, GradeCategory, GradeItem, ItemGrade
from rostersync.sandbox.refusals import two_gradebooks
from rostersync.sandbox.tables import Log, StateTable

COURSE, CATEGORY, MANUAL = "course", "category", "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What a category adds up to for one person: the number (`None`: nothing to add), of how many points, since when.

    `most` counts only items that have a value and a weight; `touched` tells whether the person has any row at all.
    """

    final: float | None
    most: float
    touched: bool
    timemodified: int = 0


class Totals(StateTable[tuple[int, int], Grade]):
    """Course totals typed by hand, by user and course; a course that has one has a gradebook."""

    def __init__(self, log: Log, book: "Gradebook") -> None:
        super().__init__(log)
        self._book = book

    def put(self, key: tuple[int, int], row: Grade) -> None:
        """Add or replace somebody's total."""
        self._book.open(key[1])
        super().put(key, row)


class Gradebook:
    """The gradebooks of a site.

    A course has none until somebody looks: the first look makes a category and a total for the course (fact 32). Two
    first looks at once make two of each, which is never mended. `made` collects the courses whose gradebook a call has
    made, and `under_way` holds those whose first look is not over: whoever serves calls side by side keeps it. `opened`
    are those that somebody had opened before the state began, whatever its document says.
    """

    def __init__(self, log: Log, document: Mapping[str, Any] | None = None) -> None:
        rows: Mapping[str, Any] = document or {}
        self.categories: StateTable[int, GradeCategory] = StateTable(log)
        self.items: StateTable[int, GradeItem] = StateTable(log)
        self.grades: StateTable[tuple[int, int], ItemGrade] = StateTable(log)
        self.history: StateTable[tuple[int, int], tuple[ItemGrade, ...]] = StateTable(log)
        self.totals = Totals(log, self)
        self.made: set[int] = set()
        self.under_way: set[int] = set()
        self.opened: set[int] = set()
        self._courses: StateTable[int, tuple[int, ...]] = StateTable(log)  # the ids of each course's items
        self._roots: StateTable[int, tuple[int, ...]] = StateTable(log)
        self._last = {"category": 0, "item": 0}
        for row in rows.get("categories", ()):
            self.put_category(GradeCategory.read(row))
        for row in rows.get("items", ()):
            self.put_item(GradeItem.read(row))
        for row in rows.get("grades", ()):
            self.put_grade(ItemGrade.read(row))
        for row in rows.get("history", ()):
            one = ItemGrade.read(row)
            key = (one.userid, self.items.rows[one.itemid].courseid)
            self.history.put(key, (*self.history.rows.get(key, ()), one))

    def document(self) -> dict[str, Any]:
        """Give the gradebooks back; what hand-typed totals of a course, or the release, imply anyway is left out."""
        there = {courseid for _, courseid in self.totals.rows} | self.opened
        implied = {courseid for courseid in there if self._is_bare(courseid)}
        parts = {
            "categories": [one.row() for _, one in sorted(self.categories.rows.items()) if one.courseid not in implied],
            "items": [one.row() for _, one in sorted(self.items.rows.items()) if one.courseid not in implied],
            "grades": [one.row() for _, one in sorted(self.grades.rows.items())],
            "history": [one.row() for _, rows in sorted(self.history.rows.items()) for one in rows],
        }
        return {name: rows for name, rows in parts.items() if rows}

    def _is_bare(self, courseid: int) -> bool:
        items = self.items_of(courseid)
        plain = len(items) == 1 and not items[0].hidden and len(self.roots(courseid)) == 1
        return plain and not any(itemid == items[0].id for itemid, _ in self.grades.rows)

    # Writing

    def next_id(self, kind: str) -> int:
        """Give out the next id of a `category` or an `item`; a rollback does not give it back."""
        self._last[kind] += 1
        return self._last[kind]

    def put_category(self, one: GradeCategory) -> None:
        """Add or replace a category."""
        self._last["category"] = max(self._last["category"], one.id)
        roots = self.roots(one.courseid)
        if not one.parent and one.id not in roots:
            self._roots.put(one.courseid, (*roots, one.id))
        self.categories.put(one.id, one)

    def put_item(self, one: GradeItem) -> None:
        """Add or replace an item."""
        self._last["item"] = max(self._last["item"], one.id)
        ids = self._courses.rows.get(one.courseid, ())
        if one.id not in ids:
            self._courses.put(one.courseid, (*ids, one.id))
        self.items.put(one.id, one)

    def put_grade(self, one: ItemGrade) -> None:
        """Add or replace what somebody has in an item."""
        self.grades.put((one.itemid, one.userid), one)

    def open(self, courseid: int) -> None:
        """Make the gradebook of a course that has none."""
        if not self.roots(courseid):
            self._make(courseid)

    def open_all(self, courses: Iterable[int]) -> None:
        """Have somebody opened each of these before the state began; their document does not tell it."""
        for courseid in courses:
            if not self.roots(courseid):
                self.opened.add(courseid)
                self._make(courseid)

    def close(self, courseid: int) -> None:
        """Take a course's gradebook away, as if nobody had opened it; for tests."""
        for item in self.items_of(courseid):
            for key in [key for key in self.grades.rows if key[0] == item.id]:
                self.grades.drop(key)
            self.items.drop(item.id)
        for one in [one for one in self.categories.rows.values() if one.courseid == courseid]:
            self.categories.drop(one.id)
        self._courses.drop(courseid)
        self._roots.drop(courseid)

    def look(self, courseid: int) -> None:
        """Look at a course's gradebook: a first look makes it, and so does one before the first is over.

        Raises `Refusal` where two first looks have made two (gradebook race 16 and 17).
        """
        if not self.roots(courseid) or courseid in self.under_way:
            self._make(courseid)
            self.made.add(courseid)
        elif len(self.roots(courseid)) > 1:
            raise two_gradebooks()

    def _make(self, courseid: int) -> None:
        root = GradeCategory(id=self.next_id("category"), courseid=courseid)
        self.put_category(root)
        self.put_item(GradeItem(id=self.next_id("item"), courseid=courseid, itemtype=COURSE, categoryid=root.id))

    def forget(self, courseid: int, userid: int) -> None:
        """Take somebody's grades of a course away; the history keeps those of items (recover grades 5, 6)."""
        self.totals.drop((userid, courseid))
        rows = self.rows_of(courseid, userid)
        for row in rows:
            self.grades.drop((row.itemid, row.userid))
        if rows:
            self.history.put((userid, courseid), tuple(rows))

    def recover(self, courseid: int, userid: int) -> None:
        """Bring grades back from the history, as `recovergradesdefault` does (recover grades 18)."""
        for row in self.history.rows.get((userid, courseid), ()):
            self.put_grade(row)

    # Reading

    def roots(self, courseid: int) -> tuple[int, ...]:
        """List the categories at the top: none where nobody has looked, more than one where two did at once."""
        return self._roots.rows.get(courseid, ())

    def items_of(self, courseid: int) -> list[GradeItem]:
        """List a course's items and totals by id."""
        return [self.items.rows[one] for one in sorted(self._courses.rows.get(courseid, ()))]

    def total(self, courseid: int) -> GradeItem:
        """Return the item of a course's total."""
        return next(one for one in self.items_of(courseid) if one.itemtype == COURSE)

    def below(self, categoryid: int) -> list[GradeCategory]:
        """List the categories in a category by id."""
        found = (one for one in self.categories.rows.values() if one.parent == categoryid)
        return sorted(found, key=lambda one: one.id)

    def inside(self, courseid: int, categoryid: int) -> list[GradeItem]:
        """List what stands in a category, in Moodle's order: items, and the totals of the categories in it."""
        below = {one.id for one in self.below(categoryid)}
        return [
            one
            for one in self.items_of(courseid)
            if (one.categoryid == categoryid if one.itemtype == MANUAL else one.categoryid in below)
        ]

    def leaves(self, courseid: int, categoryid: int) -> list[GradeItem]:
        """List the items of a category and of all below it that hold grades themselves."""
        inside = {categoryid}
        while more := {one.id for one in self.categories.rows.values() if one.parent in inside} - inside:
            inside |= more
        items = (one for one in self.items_of(courseid) if one.itemtype == MANUAL and one.gradetype)
        return [one for one in items if one.categoryid in inside]

    def depth(self, courseid: int) -> int:
        """How deep the categories of a course are nested; without sub-categories it is 1."""
        level, depth = list(self.roots(courseid)[:1]), 0
        while level:
            depth += 1
            level = [one.id for parent in level for one in self.below(parent)]
        return depth

    def rows_of(self, courseid: int, userid: int) -> list[ItemGrade]:
        """List what somebody has in the items of a course."""
        keys = ((item.id, userid) for item in self.items_of(courseid))
        return [self.grades.rows[key] for key in keys if key in self.grades.rows]

    def add_up(self, leaves: Iterable[GradeItem], userid: int) -> Sum:
        """Add up what somebody has in some items, by Moodle's natural weights: points of items with a weight."""
        found = [(one, self.grades.rows[one.id, userid]) for one in leaves if (one.id, userid) in self.grades.rows]
        valued = [(one, row.finalgrade, row) for one, row in found if row.finalgrade is not None]
        if not valued:
            return Sum(final=None, most=0, touched=bool(found))
        counted = [(one, final) for one, final, _ in valued if one.weight > 0]
        return Sum(
            final=sum(final for _, final in counted),
            most=sum(one.grademax for one, _ in counted),
            touched=True,
            timemodified=max(row.timemodified for _, _, row in valued),
        )

    def typed_total(self, courseid: int, userid: int) -> ItemGrade | None:
        """Return somebody's course total if it was typed by hand."""
        row = self.grades.rows.get((self.total(courseid).id, userid))
        if row is not None:
            return row
        plain = self.totals.rows.get((userid, courseid))
        if plain is None or plain.rawgrade is None:
            return None
        return ItemGrade(itemid=self.total(courseid).id, userid=userid, finalgrade=plain.rawgrade, overridden=1)
