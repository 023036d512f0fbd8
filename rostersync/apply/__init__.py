"""The write loop: send, journal, halve, read again, prove."""

from rostersync.apply.run import Applied, carry_out

__all__ = ["Applied", "carry_out"]
