"""Compare texts as a database's collation does."""

import enum
import functools
import unicodedata


class DatabaseKind(enum.Enum):
    """The words of `--database`."""

    MARIADB = "mariadb"
    POSTGRESQL = "postgresql"


class Collation(enum.Enum):
    """MariaDB's usual collation, or PostgreSQL's byte for byte comparison."""

    UNICODE_CI = "utf8mb4_unicode_ci"
    EXACT = "exact"

    @classmethod
    def named(cls, name: str) -> "Collation":
        """Read the collation from a state document, whose note may follow the name."""
        return cls.EXACT if name.split(" ", 1)[0] == cls.EXACT.value else cls.UNICODE_CI

    @classmethod
    def of(cls, database: DatabaseKind) -> "Collation":
        """Return what a database usually compares by (facts 14 and 43)."""
        return cls.EXACT if database is DatabaseKind.POSTGRESQL else cls.UNICODE_CI

    def key(self, text: str) -> str:
        """Return what two texts that this database holds for equal have in common (recordings 6, 16, 19)."""
        match self:
            case Collation.EXACT:
                return text
            case Collation.UNICODE_CI:
                return _unicode_ci(text)


@functools.lru_cache(maxsize=200_000)
def _unicode_ci(text: str) -> str:
    """Take away case, accents and trailing spaces."""
    if text.isascii():
        return text.casefold().rstrip(" ")
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if unicodedata.category(c) not in ("Mn", "Cf")).casefold().rstrip(" ")
