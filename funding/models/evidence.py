"""Files that show what an officer says: of an item of due diligence, or of a milestone."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from funding.db import Base, UTCDateTime, now
from funding.models.offers import DiligenceCheck
from funding.models.payments import Tranche


class EvidenceFile(Base):
    """One file beside the words; its bytes are in the data folder. Added, and never taken out."""

    __tablename__ = "evidence_file"
    __table_args__ = (
        sa.CheckConstraint("(check_id is null) <> (tranche_id is null)", name="of_one"),
        sa.Index(None, "check_id"),
        sa.Index(None, "tranche_id"),
        sa.Index(None, "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    check_id: Mapped[int | None] = mapped_column(sa.ForeignKey("diligence_check.id"))
    tranche_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tranche.id"))
    name: Mapped[str] = mapped_column(sa.Text)
    media_type: Mapped[str] = mapped_column(sa.Text)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.Text)
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    check: Mapped[DiligenceCheck | None] = relationship()
    tranche: Mapped[Tranche | None] = relationship()
