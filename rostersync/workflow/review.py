"""Write a plan as a workbook for review, and make a plan of what a reviewer left."""

from __future__ import annotations

import re
from pathlib import Path

from rostersync import report
from rostersync.errors import PlanRefused
from rostersync.report import HEADERS, HELD, NO, YES, Review
from rostersync.sync import plan as plans
from rostersync.sync.plan import Plan
from rostersync.sync.reconciliation import reconcile
from rostersync.sync.strike import strike
from rostersync.tables import Report
from rostersync.text.addresses import canonical, named

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_ANEW = "strike out in a fresh copy: `rostersync show PLAN --review FILE` writes one"


def preview(plan: Plan) -> Report:
    """The plan as a report of what would happen."""
    return reconcile.reconcile(plan, None, run="", started=plan.made, finished=plan.made)


def send_out(plan: Plan, path: Path, *, shared: bool = False) -> None:
    """Write the workbook in which a reviewer strikes changes of this plan out; shared: the owner's group reads it, too.

    Raises:
        ReportError: it cannot be written.
    """
    report.save_review(preview(plan), b"".join(plans.write(plan)), path, shared=shared)


def come_back(path: Path, *, of: Plan | None = None, site: str = "", most_megabytes: int = 1024) -> Plan:
    """The plan in a review workbook, without what is struck out.

    Args:
        path: the workbook.
        of: the plan that it has to belong to, where somebody has it at hand.
        site: the site that it has to be for, as the store knows it; "" where none is set.
        most_megabytes: what the plan in it may have when it is unpacked.

    Raises:
        UsageError: it cannot be read.
        PlanRefused: it is of another plan or site, or something else than “apply?” was changed in it.
    """
    found = report.read_review(path, most_megabytes=most_megabytes)
    plan = plans.read(found.plan, f"the plan in {path.name}")
    if found.digest != plan.digest():
        raise PlanRefused(f"{path.name}: the digest in it is not its plan's", remedy=_ANEW)
    if of is not None and of.digest() != found.digest:
        raise PlanRefused(
            f"{path.name} is the review of plan {found.digest[:12]}, not of plan {of.digest()[:12]}",
            remedy="name the plan that it was written for, or none",
        )
    if site and site not in {plan.site, canonical(plan.site)}:
        raise PlanRefused(
            f"{path.name} is for {named(plan.address, plan.site)}, not for {site}",
            remedy="choose the profile of that site",
        )
    return strike(plan, _struck(plan, found, path.name))


def _struck(plan: Plan, found: Review, name: str) -> list[int]:
    """The changes that are not to be applied, after every other cell was compared with what had been written."""
    written = report.lines_of(preview(plan).changes)
    if missing := sorted(written.keys() - found.lines.keys()):
        raise PlanRefused(f"{name}: the line of change {missing[0]} is missing ({len(missing):,} are)", remedy=_ANEW)
    if added := sorted(found.lines.keys() - written.keys()):
        raise PlanRefused(f"{name}: the plan has no change {added[0]}: a line was added or renumbered", remedy=_ANEW)
    struck = []
    for number, (apply, *cells) in found.lines.items():
        was, *texts = written[number]
        for header, cell, text in zip(HEADERS[1:], cells, texts, strict=True):
            if cell != text and _plain(cell) != _plain(text):
                raise PlanRefused(
                    f"{name}: change {number}, “{header}”: it was “{text}”, and is “{cell}” now; only “{HEADERS[0]}” "
                    "may be changed",
                    remedy=_ANEW,
                )
        word = apply.strip().lower()
        if word not in ((HELD,) if was == HELD else (YES, NO)):
            wanted = f"“{HELD}” has to stay" if was == HELD else f"say “{YES}” or “{NO}”"
            raise PlanRefused(f"{name}: change {number}, “{HEADERS[0]}”: “{apply}” is not known here", remedy=wanted)
        if word == NO:
            struck.append(number)
    return sorted(struck)


def _plain(text: str) -> str:
    """The text without what programs may change on the way: escapes, line ends, blanks around it."""
    while (found := _ESCAPED.sub(lambda hit: chr(int(hit[1], 16)), text)) != text:
        text = found
    return "\n".join(text.split("\r\n")).strip()
