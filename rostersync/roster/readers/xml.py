"""Walk the elements of an XML stream by their local names, whatever their prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from xml.parsers import expat

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], object]
Text = Callable[[str], None]


def walk(pieces: Iterable[bytes], start: Start, end: End | None = None, text: Text | None = None) -> None:
    """Calls these for each element; names and attributes come without their namespaces.

    Raises:
        ValueError: entities are declared, which no spreadsheet program does: what they grow to has no bound.
        ExpatError: the XML is not well formed.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ValueError("it declares entities")

    def begin(name: str, attributes: dict[str, str]) -> None:
        start(name.rpartition(" ")[2], {k.rpartition(" ")[2]: v for k, v in attributes.items()})

    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = begin
    if end:
        parser.EndElementHandler = lambda name: end(name.rpartition(" ")[2])
    if text:
        parser.CharacterDataHandler = text
    for piece in pieces:
        parser.Parse(piece, False)
    parser.Parse(b"", True)
