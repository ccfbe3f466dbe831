"""The mails of a change: to funders when it is asked for, to applicants when it is settled.

Each is a subject and a body in the language that holds (`funding.services.mail.post_mail`).
"""

from __future__ import annotations

from funding.language import gettext as _
from funding.models import ChangeConcern, ChangeRequest, Proposal, RequestKind, RequestState
from funding.services.mail import Written, paragraphs


def asked(request: ChangeRequest, proposal: Proposal, public_url: str) -> Written:
    """To an officer of each funder concerned."""
    title = proposal.title
    if request.kind == RequestKind.EXTENSION:
        subject = _("Asked for more time: %(title)s", title=title)
        text = _("The researchers of “%(title)s” ask for more time.", title=title)
    else:
        subject = _("Asked for another budget: %(title)s", title=title)
        text = _("The researchers of “%(title)s” ask for another budget.", title=title)
    answer = _("Approve or decline it here:")
    return subject, paragraphs(text, request.reason, f"{answer}\n{_link(request, public_url)}")


def answered(request: ChangeRequest, public_url: str) -> Written:
    """To each of the applicants, with the word of every funder."""
    title, is_approved = request.proposal.title, request.state == RequestState.APPROVED
    if request.kind == RequestKind.EXTENSION:
        if is_approved:
            subject = _("Approved: more time for %(title)s", title=title)
            text = _("Your request for more time is approved.")
        else:
            subject = _("Declined: more time for %(title)s", title=title)
            text = _("Your request for more time is declined.")
    elif is_approved:
        subject = _("Approved: another budget for %(title)s", title=title)
        text = _("Your request for another budget is approved.")
    else:
        subject = _("Declined: another budget for %(title)s", title=title)
        text = _("Your request for another budget is declined.")
    said = "\n".join(_word_of(concern) for concern in request.concerns)
    return subject, paragraphs(text, said, _link(request, public_url))


def _word_of(concern: ChangeConcern) -> str:
    funder = concern.award.commitment.funder.name
    if concern.verdict is None:
        return _("%(funder)s: no answer needed any more", funder=funder)
    if concern.verdict == RequestState.APPROVED:
        said = _("%(funder)s: approved", funder=funder)
    else:
        said = _("%(funder)s: declined", funder=funder)
    return f"{said}. {concern.reason}" if concern.reason else said


def _link(request: ChangeRequest, public_url: str) -> str:
    return f"{public_url}/requests/{request.id}"
