"""Words of the public pages that stand for codes: reasons, capacities, states."""

from __future__ import annotations

from funding.language import gettext
from funding.language import lazy as _
from funding.models import Capacity, HiddenBecause, WithheldBecause
from funding.reports.public.register import PublicAward

WITHHELD: dict[str, str] = {
    WithheldBecause.SECURITY: _("security: the title would tell where a system is weak"),
    WithheldBecause.PEOPLE_AT_RISK: _("people could come to harm if the work were known"),
    WithheldBecause.UNPATCHED_FLAW: _("a flaw that is not mended yet"),
    WithheldBecause.LAW: _("the law forbids it"),
    WithheldBecause.RIGHTS_OF_OTHERS: _("rights of others, such as a patent applied for"),
}
"""Reason -> the words that the public reads."""

CAPACITIES: dict[str, str] = {
    Capacity.AFFECTED: _("Somebody affected by these systems"),
    Capacity.RESEARCHER: _("Researcher"),
    Capacity.CIVIL_SOCIETY: _("Civil society"),
    Capacity.INDUSTRY: _("Industry"),
    Capacity.PUBLIC_SERVICE: _("Public service"),
    Capacity.TEACHER: _("Teacher"),
    Capacity.STUDENT: _("Student"),
    Capacity.OTHER: _("Something else"),
}

HIDDEN: dict[str, str] = {
    HiddenBecause.ADVERTISING: _("Advertising"),
    HiddenBecause.ABUSE: _("Abuse"),
    HiddenBecause.NAMES_A_PERSON: _("Names a person (its words are deleted)"),
    HiddenBecause.OFF_THE_SUBJECT: _("Off the subject"),
    HiddenBecause.TWICE: _("Said twice"),
}

AWARD_STATES: dict[str, str] = {
    "accepted": _("Accepted"),
    "active": _("Active"),
    "completed": _("Completed"),
    "terminated": _("Ended early"),
}

OUTPUT_KINDS: dict[str, str] = {
    "paper": _("Paper"),
    "model": _("Model"),
    "data set": _("Data set"),
    "repository": _("Repository"),
    "audit": _("Audit"),
}


def shown_title(award: PublicAward) -> str:
    """The award's title, or in its place that it is withheld and why."""
    if not award.withheld_because:
        return award.title
    return gettext("Title withheld (%(reason)s)", reason=WITHHELD[award.withheld_because])
