"""What is to be paid back of prepaid money: rules R1 to R17 of the field rules (section 4.2), pure and exact.

`reckoning.refund` takes a `schemas.Claim` and returns a `schemas.Refund` whose lines add up to the fen. Nothing here
reads a database or a clock.
"""
