"""Commands in processes of their own, begun with what each of them has to import already there: a tenth of the time."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import IO

PATIENCE = 120
"""Seconds that a command may take."""
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.loaded"])


def begin(
    words: Sequence[object],
    streams: Sequence[int],
    *,
    env: Mapping[str, str],
    folder: str | Path = ".",
    session: bool = False,
) -> ForkServerProcess:
    """Begin `rostersync WORDS` in a folder and an environment; it has what its start alone has to show in common.

    Args:
        words: as they would be typed.
        streams: file descriptors of standard input, output and errors.
        env: all of the environment.
        folder: where it is typed.
        session: whether it leaves the terminal, and the group of processes, of whoever runs the tests.
    """
    # A connection is what hands a file descriptor on to a process that the fork server begins.
    handed = [Connection(os.dup(number)) for number in streams]
    arguments = ([str(word) for word in words], handed, dict(env), Path(folder).absolute(), session)
    process = _PROCESSES.Process(target=_typed, args=arguments)
    process.start()
    for one in handed:
        one.close()
    return process


def ends(process: ForkServerProcess, seconds: float = PATIENCE) -> int:
    """The exit code, negative for a signal; who takes longer is killed."""
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
    assert process.exitcode is not None
    return process.exitcode


def run(
    words: Sequence[object], *, env: Mapping[str, str], folder: str | Path = ".", typed: str = "", both: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end, with this on standard input; with `both`, errors stand among what it prints."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(typed.encode())
        given.seek(0)
        streams = [given.fileno(), out.fileno(), (out if both else err).fileno()]
        code = ends(begin(words, streams, env=env, folder=folder))
        return subprocess.CompletedProcess([str(word) for word in words], code, _all(out), _all(err))


def _all(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _typed(words: list[str], streams: list[Connection], env: dict[str, str], folder: Path, session: bool) -> None:  # noqa: FBT001
    """What the process does: what Python does at its start, and then the command."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    if session:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    encoding = env.get("PYTHONIOENCODING", "utf-8")
    sys.stdin, sys.stdout = (os.fdopen(number, mode, encoding=encoding) for number, mode in enumerate("rw"))
    sys.stderr = os.fdopen(2, "w", 1, encoding=encoding, errors="backslashreplace")
    sys.path[:0] = [part for part in env.get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.argv = ["rostersync", *words]
    import_module("rostersync.cli.main").main()
