"""What a site has done besides answering: the calls that wrote, and the mails that went out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A call that wrote to the database, or that was of a function which does, and then whether any row was touched.

    A call that reads is here where its look made a gradebook (fact 32).
    """

    function: str
    touched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A welcome mail that was sent, by address and subject, and the course that it is about."""

    to: str
    subject: str
    courseid: int
