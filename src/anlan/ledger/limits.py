"""How much, and how long."""

LARGEST_AMOUNT = 10**15
"""Fen. Ten million million yuan: a thousand such transfers still fit in a balance."""
KEY_LENGTH = 100
TEXT_LENGTH = 200
