"""What the daily tests show on a few cases, shown on hundreds: `python -m prove [SUBJECT...]`.

Each module is one subject. Its `prove()` yields one figure a line and raises AssertionError where
something does not hold.
"""
