"""What time it is by the database's own clock, which is the one that deadlines go by."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from funding.db import UTCDateTime


def database_now(session: Session) -> datetime:
    """The moment, in UTC; the trigger `submitted_in_time` reads the same clock."""
    if session.get_bind().dialect.name == "sqlite":
        clock = sa.func.strftime("%Y-%m-%d %H:%M:%f", "now", type_=UTCDateTime())
    else:
        clock = sa.func.clock_timestamp(type_=UTCDateTime())
    return session.scalars(sa.select(clock)).one()
