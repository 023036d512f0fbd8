"""Show a person's grades as Moodle's reports do: totals and items, less of them without `moodle/grade:viewhidden`."""

from collections.abc import Iterator, Sequence

from rostersync.sandbox.call import Json
from rostersync.sandbox.gradebook import COURSE, MANUAL, Gradebook, Sum
from rostersync.sandbox.records import Course, GradeItem, ItemGrade, User
from rostersync.sandbox.state import State

_HIDDEN, _UNTIL = 1, 2  # for ever; until a date: then Moodle shows that there is something
_PLAIN = 2  # Moodle's FORMAT_PLAIN, which rows have that nobody typed


class Reports:
    """The grades of one course, for the token's account."""

    def __init__(self, state: State, course: Course) -> None:
        self._book: Gradebook = state.gradebook
        self._course = course
        self._now = state.clock()
        self._sees = state.can("moodle/grade:viewhidden")

    def total(self, user: User) -> float | None:
        """Return the course total as the overview shows it: `None` where anything is hidden (grades 3 and 38)."""
        item = self._book.total(self._course.id)
        if not self._sees and (self._hidden(item, user) or self._anything_hidden(user)):
            return None
        return self._sum(item, user)[0]

    def items(self, user: User) -> Sequence[Json]:
        """List the items and totals of a person, the course's total last (grades 8 to 55)."""
        return [shown for item in self._in_order() if (shown := self._item(item, user)) is not None]

    def depth(self) -> int:
        """Return what the report calls its depth: one more than the categories have."""
        return self._book.depth(self._course.id) + 1

    def _in_order(self) -> Iterator[GradeItem]:
        root = self._book.roots(self._course.id)[0]
        yield from self._category(root)

    def _category(self, categoryid: int) -> Iterator[GradeItem]:
        for one in self._book.inside(self._course.id, categoryid):
            if one.itemtype != MANUAL:
                yield from self._category(one.categoryid)
            elif one.gradetype:
                yield one
        totals = (one for one in self._book.items_of(self._course.id) if one.itemtype != MANUAL)
        yield from (one for one in totals if one.categoryid == categoryid)

    def _row(self, item: GradeItem, user: User) -> ItemGrade | None:
        return self._book.grades.rows.get((item.id, user.id))

    def _hidden(self, item: GradeItem, user: User) -> int:
        """Tell whether an item, the category around it or this one grade is hidden: not (0), for ever, or until."""
        row = self._row(item, user)
        marks = [item.hidden, row.hidden if row else 0, *self._around(item)]
        if _HIDDEN in marks:
            return _HIDDEN
        return _UNTIL if any(mark > self._now for mark in marks) else 0

    def _around(self, item: GradeItem) -> Iterator[int]:
        """Go through the marks of the categories around an item."""
        categoryid = item.categoryid
        while categoryid:
            category = self._book.categories.rows[categoryid]
            yield category.hidden
            categoryid = category.parent

    def _anything_hidden(self, user: User, *, save: GradeItem | None = None) -> bool:
        items = self._book.items_of(self._course.id)
        return any(self._hidden(one, user) for one in items if one.itemtype != COURSE and one != save)

    def _sum(self, item: GradeItem, user: User) -> tuple[float | None, float, Sum]:
        """Return the number of an item or total, its greatest, and what the items below a total add up to."""
        row = self._row(item, user)
        if item.itemtype == MANUAL:
            final = row.finalgrade if row else None
            return final, item.grademax, Sum(final=final, most=item.grademax, touched=row is not None)
        leaves = self._book.leaves(self._course.id, item.categoryid)
        added = self._book.add_up(leaves, user.id)
        typed = self._book.typed_total(self._course.id, user.id) if item.itemtype == COURSE else row
        if typed is not None and typed.finalgrade is not None:
            return typed.finalgrade, item.grademax, added
        most = added.most if added.touched else sum(one.grademax for one in leaves)
        return added.final, most, added

    def _weight(self, item: GradeItem, user: User) -> dict[str, Json]:
        """Write an item's share of the total above it; nothing where it has none, or where hidden ones make it untold.

        Grades 23 and 54: an item without a value, beside one that has one, has no share and says so.
        """
        if item.itemtype == COURSE or (
            not self._sees and not self._hidden(item, user) and self._anything_hidden(user, save=item)
        ):
            return {}
        above = item.categoryid
        if item.itemtype != MANUAL:
            above = self._book.categories.rows[item.categoryid].parent
        around = self._book.add_up(self._book.leaves(self._course.id, above), user.id)
        if around.final is None:
            return {}
        final, most, _ = self._sum(item, user)
        share = most / around.most if final is not None and item.weight > 0 and around.most else 0
        weight: dict[str, Json] = {"weightraw": _number(share), "weightformatted": f"{share * 100:.2f} %"}
        return weight | ({} if final is not None else {"status": "novalue"})

    def _item(self, item: GradeItem, user: User) -> dict[str, Json] | None:
        hidden = self._hidden(item, user)
        if hidden == _HIDDEN and not self._sees:
            return None
        final, most, added = self._sum(item, user)
        if not self._sees and (hidden or (item.itemtype != MANUAL and self._anything_hidden(user))):
            final, shown, percent = None, "-", "-"
        else:
            shown, percent = self._formatted(item, user, final, most)
        if item.needsupdate:
            final, shown, percent = None, "Error", "Error"
        row = self._row(item, user)
        if row is None and item.itemtype == COURSE:
            row = self._book.typed_total(self._course.id, user.id)
        total = item.itemtype != MANUAL
        return {
            "id": item.id,
            "itemname": None if total else item.name,
            "itemtype": item.itemtype,
            "itemmodule": None,
            "iteminstance": item.categoryid if total else None,
            "itemnumber": None if total else 0,
            "idnumber": None,
            "categoryid": None if total else item.categoryid,
            "outcomeid": None,
            "scaleid": None,
            "locked": False,
            **self._weight(item, user),
            "graderaw": None if final is None else _number(final),
            "gradedatesubmitted": None,
            "gradedategraded": (row.timemodified if row else added.timemodified) or None,
            "gradehiddenbydate": False,
            "gradeneedsupdate": bool(item.needsupdate),
            "gradeishidden": bool(hidden),
            "gradeislocked": False,
            "gradeisoverridden": bool(row and row.overridden),
            "gradeformatted": shown,
            "grademin": 0,
            "grademax": _number(most),
            "rangeformatted": f"0&ndash;{_number(most)}" if shown else "&ndash;",
            "percentageformatted": percent,
            "feedback": row.feedback if row else "",
            "feedbackformat": self._feedback_format(item, user, row, added),
        }

    def _formatted(self, item: GradeItem, user: User, final: float | None, most: float) -> tuple[str, str]:
        """Write a number and its percentage; words without a number leave both empty (grades 13)."""
        if final is not None:
            return f"{final:.2f}", f"{final / most * 100:.2f} %" if most else ""
        row = self._row(item, user)
        return ("", "") if row and row.feedback else ("-", "-")

    def _feedback_format(self, item: GradeItem, user: User, row: ItemGrade | None, added: Sum) -> int:
        """Tell rows that were typed (0) from words and from what Moodle computed."""
        if row is not None:
            return _PLAIN if row.feedback else 0
        if item.itemtype == MANUAL:
            beside = self._book.add_up(self._book.leaves(self._course.id, item.categoryid), user.id)
            return _PLAIN if beside.final is not None else 0
        return _PLAIN if added.final is not None else 0


def _number(value: float) -> int | float:
    """Write a number as PHP does: a whole one without a point."""
    return int(value) if float(value).is_integer() else value
