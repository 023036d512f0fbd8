"""`python -m rostersync`: the command line where no script is installed."""

from __future__ import annotations

from rostersync.cli.main import main

if __name__ == "__main__":
    main()
