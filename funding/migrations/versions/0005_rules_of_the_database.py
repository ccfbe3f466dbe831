"""Rules that were missing: balances count a transfer once, rows begin at the beginning.

`funding.schema` sets the rules anew with every migration; this one only makes them due.
"""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """No table changes."""
