"""A term with dates, methods and explicit rows."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from .dated import Dated

TestDated = Dated.TestCase
TestDated.settings = settings(
    max_examples=10,
    stateful_step_count=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
