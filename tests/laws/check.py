"""Decide batches of states, twice where something was done, and count which laws they break."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from tests.laws import adapter, laws, model
from tests.laws.adapter import Rules
from tests.laws.outcomes import Outcomes
from tests.laws.states import SETTINGS_NAMES, Digits, Mask, States, states, words

SETTLED = "nothing_is_left_to_do"
BYSTANDERS = "bystanders_are_left_alone"


@dataclass(slots=True)
class Tally:
    """How many states were decided, and which laws they broke."""

    states: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    examples: dict[str, int] = field(default_factory=dict)
    """Law → the number of the first state that broke it."""

    def add(self, name: str, mask: Mask, was: States) -> None:
        """Count a law's violations."""
        if many := int(mask.sum()):
            self.broken[name] += many
            self.examples.setdefault(name, int(was.number[int(np.argmax(mask))]))

    def merge(self, other: Tally) -> None:
        """Add another one."""
        self.states += other.states
        self.broken.update(other.broken)
        self.examples = other.examples | self.examples

    def __str__(self) -> str:
        """The laws that were broken, how often, and an example each."""
        lines = []
        for name, many in self.broken.most_common():
            said = laws.LAWS[name].__doc__ if name in laws.LAWS else ""
            example = self.examples[name]
            lines += [f"{many:>12,}  {name}: {said}", f"{'':14}state {example}: {words(example)}"]
        return "\n".join([*lines, f"{self.states:,} states; {len(self.broken)} laws broken"])


def rules_of(of: Digits) -> Rules:
    """The settings that these states share."""
    return Rules(**{name: int(of[name][0]) for name in SETTINGS_NAMES})


def check(of: Digits, *, settle: bool = True) -> Tally:
    """Decide these states, which share their settings, and hold what comes out to the laws."""
    tally = Tally()
    was, rules = states(of), rules_of(of)
    does, bystanders = adapter.decide(was, rules)
    tally.states = len(was)
    for name, mask in laws.broken(was, does, rules).items():
        tally.add(name, mask, was)
    touched = int(((bystanders["hold"] == "") & (bystanders["op"] != "nothing")).sum())
    if touched:
        tally.broken[BYSTANDERS] += touched
        tally.examples.setdefault(BYSTANDERS, int(was.number[0]))
    if settle:
        _settle(was, does, rules, tally)
    return tally


def _settle(was: States, does: Outcomes, rules: Rules, tally: Tally) -> None:
    """Do what is sent, and decide again: where nothing is known of the method, once for each that it can be."""
    moved = does.anything()
    was, does = was.of(moved), does.of(moved)
    unknown = ~was.led_manual & ~was.only_manual & does.unenrol
    for manual, chosen in ((True, np.ones(len(was), dtype=np.bool_)), (False, unknown)):
        if not chosen.any():
            continue
        before, did = was.of(chosen), does.of(chosen)
        again, _ = adapter.decide(model.applied(before, did, np.full(len(before), manual)), rules)
        tally.add(SETTLED, model.not_settled(did, again), before)
