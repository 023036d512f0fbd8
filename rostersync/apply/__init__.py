"""The write loop: send, journal, halve, read again, prove."""

from rostersync.apply.run import Applied, carry_out
from rostersync.apply.second_look import RunOrder

__all__ = ["Applied", "RunOrder", "carry_out"]
