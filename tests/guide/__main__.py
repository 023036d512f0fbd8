"""`python -m tests.guide`: write the parts of the guide that come from the code into its pages."""

from __future__ import annotations

from tests.guide.blocks import FOLDER, rendered

for path in sorted(FOLDER.glob("*.md")):
    path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")
