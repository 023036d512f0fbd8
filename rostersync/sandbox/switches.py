"""Switch faults on, and draw which of them a call meets: the same for the same seed."""

import random
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TypedDict

from rostersync.sandbox.faults import Fault, FaultKind, parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What one call meets: the site's moods all together, and at most one fault of the network."""

    moods: tuple[Fault, ...] = ()
    network: Fault | None = None


class Described(TypedDict):
    """A fault that is switched on, as the control address shows it; `met` counts the calls that have met it."""

    id: int
    fault: str
    met: int


@dataclass(slots=True, kw_only=True)
class _Switch:
    """A fault with its own counter and its own random numbers, so that no fault changes another's."""

    fault: Fault
    draws: random.Random
    calls: int = 0
    met: int = 0
    until: float | None = None
    """When it is over, by `time.monotonic`, if it lasts for a time and has begun."""

    def next(self) -> bool:
        """Count a call, and tell whether it would meet the fault; a token that has expired once stays gone."""
        fault = self.fault
        self.calls += 1
        chance = self.draws.random() < fault.p
        if fault.kind is FaultKind.TOKEN_EXPIRED and self.met:
            return True
        meets = chance and self.calls >= fault.n and (fault.times is None or self.met < fault.times)
        if meets and fault.lasts is not None:
            now = time.monotonic()
            self.until = now + fault.lasts if self.until is None else self.until
            return now < self.until
        return meets


class Faults:
    """The switchboard of one sandbox; may be used by several threads at once.

    `check` raises `UsageError` for a fault that would never show on the sandbox's site. `refuse` is called with a
    number of seconds in which connections are to be refused, from inside whatever call brings them about, and with 0
    when they are no longer to be.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        refuse: Callable[[float], None] = lambda _: None,
        check: Callable[[Fault], None] = lambda _: None,
    ) -> None:
        self.seed = seed
        self._refuse = refuse
        self._check = check
        self._lock = threading.Lock()
        self._on: dict[int, _Switch] = {}
        self._last = 0

    def add(self, fault: Fault | str) -> int:
        """Switch a fault on, and return the number by which it is switched off again; raises `UsageError`."""
        fault = parse(fault) if isinstance(fault, str) else fault
        self._check(fault)
        with self._lock:
            self._last += 1
            number = self._last
            self._on[number] = _Switch(fault=fault, draws=random.Random(f"{self.seed} {number} {fault}"))
        if fault.kind is FaultKind.REFUSED:
            self.refuse_next(number)
        return number

    def clear(self, number: int | None = None) -> None:
        """Switch one fault off, or all: then numbers and random draws begin again. Raises `KeyError`."""
        with self._lock:
            gone = [self._on.pop(number)] if number is not None else [*self._on.values()]
            if number is None:
                self._on.clear()
                self._last = 0
        if any(one.fault.kind is FaultKind.REFUSED for one in gone):
            self._refuse(0)

    def describe(self) -> list[Described]:
        """List what is switched on, in the order of adding."""
        with self._lock:
            return [Described(id=number, fault=str(one.fault), met=one.met) for number, one in self._on.items()]

    def meet(self, function: str, courses: Collection[int] = ()) -> Met:
        """Count a call about these courses and say what it meets.

        Of two network faults at once the later one waits for the next call.
        """
        moods: list[Fault] = []
        network: Fault | None = None
        with self._lock:
            for switch in self._on.values():
                fault = switch.fault
                if fault.kind is FaultKind.REFUSED or not fault.concerns(function, courses):
                    continue
                if not switch.next() or (fault.is_network and network):
                    continue
                if fault.is_network:
                    network = fault
                elif fault.kind is FaultKind.TOKEN_EXPIRED and switch.met:
                    moods.append(replace(fault, kind=FaultKind.TOKEN_UNKNOWN))
                else:
                    moods.append(fault)
                switch.met += 1
        return Met(moods=tuple(moods), network=network)

    def refuse_next(self, number: int | None = None) -> None:
        """Decide about the next call, before the answer to this one is sent: may it connect?"""
        with self._lock:
            asked = [
                one
                for key, one in self._on.items()
                if one.fault.kind is FaultKind.REFUSED and number in (None, key) and one.next()
            ]
            for one in asked:
                one.met += 1
        if asked:
            self._refuse(max(one.fault.seconds for one in asked))
