"""The write loop: send, journal, halve, read again, prove."""

from rostersync.apply.again import Order
from rostersync.apply.run import Applied, carry_out

__all__ = ["Applied", "Order", "carry_out"]
