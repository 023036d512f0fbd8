"""Set the sandbox up as the options of `rostersync sandbox` say."""

from collections.abc import Sequence

from rostersync.errors import UsageError
from rostersync.sandbox.faults import parse
from rostersync.sandbox.latency import Capacity, Pace
from rostersync.sandbox.server import Server, serve
from rostersync.sandbox.state import State
from rostersync.sandbox.token_rights import CAPABILITIES


def rehearse(
    state: State,
    *,
    port: int = 0,
    fault: Sequence[str] = (),
    fault_seed: int = 0,
    max_input_vars: int | None = None,
    post_max_size: int | None = None,
    without: Sequence[str] = (),
    latency: str = Pace.NONE.value,
) -> Server:
    """Serve a site with everything that the options say; the arguments bear the options' names.

    Raises `UsageError` for words that mean nothing, before anything is served, and `OSError` for a port that is taken.
    """
    faults = [parse(text) for text in fault]
    unknown = sorted(set(without) - CAPABILITIES.keys())
    if unknown:
        raise UsageError(
            f"the sandbox knows no capability {unknown[0]}", remedy=f"one of {', '.join(sorted(CAPABILITIES))}"
        )
    if max_input_vars is not None:
        state.max_input_vars = max_input_vars
    if post_max_size is not None:
        state.post_max_size = post_max_size
    state.missing_capabilities |= set(without)
    capacity = Capacity() if Pace(latency) is Pace.REAL else None
    return serve(state, port=port, faults=faults, seed=fault_seed, capacity=capacity)
