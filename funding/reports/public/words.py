"""Words of the public pages that stand for codes: reasons, capacities, states."""

from __future__ import annotations

from funding.language import gettext as _
from funding.language import lazy
from funding.models import Capacity, HiddenBecause, WithheldBecause
from funding.reports.public.register import PublicAward

WITHHELD: dict[str, str] = {
    WithheldBecause.SECURITY: lazy("security: the title would tell where a system is weak"),
    WithheldBecause.PEOPLE_AT_RISK: lazy("people could come to harm if the work were known"),
    WithheldBecause.UNPATCHED_FLAW: lazy("a flaw that is not mended yet"),
    WithheldBecause.LAW: lazy("the law forbids it"),
    WithheldBecause.RIGHTS_OF_OTHERS: lazy("rights of others, such as a patent applied for"),
}
"""Reason -> the words that the public reads."""

CAPACITIES: dict[str, str] = {
    Capacity.AFFECTED: lazy("Somebody affected by these systems"),
    Capacity.RESEARCHER: lazy("Researcher"),
    Capacity.CIVIL_SOCIETY: lazy("Civil society"),
    Capacity.INDUSTRY: lazy("Industry"),
    Capacity.PUBLIC_SERVICE: lazy("Public service"),
    Capacity.TEACHER: lazy("Teacher"),
    Capacity.STUDENT: lazy("Student"),
    Capacity.OTHER: lazy("Something else"),
}

HIDDEN: dict[str, str] = {
    HiddenBecause.ADVERTISING: lazy("Advertising"),
    HiddenBecause.ABUSE: lazy("Abuse"),
    HiddenBecause.NAMES_A_PERSON: lazy("Names a person (its words are deleted)"),
    HiddenBecause.OFF_THE_SUBJECT: lazy("Off the subject"),
    HiddenBecause.TWICE: lazy("Said twice"),
}

AWARD_STATES: dict[str, str] = {
    "accepted": lazy("Accepted"),
    "active": lazy("Active"),
    "completed": lazy("Completed"),
    "terminated": lazy("Ended early"),
}

OUTPUT_KINDS: dict[str, str] = {
    "paper": lazy("Paper"),
    "model": lazy("Model"),
    "data set": lazy("Data set"),
    "repository": lazy("Repository"),
    "audit": lazy("Audit"),
}


def shown_title(award: PublicAward) -> str:
    """The award's title, or in its place that it is withheld and why."""
    if not award.withheld_because:
        return award.title
    return _("Title withheld (%(reason)s)", reason=WITHHELD[award.withheld_because])
