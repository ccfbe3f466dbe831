"""What each column of the open data means: one list, from which files and their page are made."""

from __future__ import annotations

from funding.language import lazy as _

LICENCE = "CC-BY-4.0"
LICENCE_NAME = "Creative Commons Attribution 4.0 International"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"

FIELDS: dict[str, dict[str, str]] = {
    "rounds": {
        "round": _("Key of the round, as in its address; it never changes."),
        "name": _("Name of the round."),
        "owner": _("Organisation that runs the round."),
        "published_on": _("Day of the newest publishing."),
        "currency": _("The round's own currency, in which the amounts beside are counted."),
        "awards": _("Awards that are public; one proposal can have several, one a fund."),
        "works": _("Proposals with such an award."),
        "promised": _("Awarded, at the rates the round was decided at."),
        "paid": _("Paid out, money that came back included."),
        "returned": _("Of what was paid, what recipients sent back."),
        "freed": _("Promised and never paid, given up when an award ended."),
        "late": _("Scheduled for a day that is past, and not paid."),
        "spent": _("Spent, by reports that the funder accepted."),
    },
    "awards": {
        "award": _("Number of the award, as in its address; it is never given again."),
        "address": _("Where the award's page is."),
        "round": _("Key of the round it was made in."),
        "work": _("The same for all awards to one proposal."),
        "title": _("Title of the proposal; empty where it is withheld."),
        "withheld_because": _("Why the title is withheld: one of the reasons listed below."),
        "abstract": _("What the work is about, in its applicants' words."),
        "funder": _("Key of the organisation that pays."),
        "funder_name": _("Its name."),
        "fund": _("The commitment that the money comes from."),
        "recipient": _("Key of the institution that receives it; empty for one without."),
        "recipient_name": _("Its name. People are never named."),
        "country": _("Country of the applicants, ISO 3166-1 alpha-2."),
        "region": _("World Bank region of the applicants."),
        "areas": _("Areas of the work with their shares: key=share, the largest first."),
        "state": _("accepted, active, completed or terminated."),
        "awarded_on": _("Day of the funder's approval."),
        "starts_on": _("First day of the work."),
        "ends_on": _("Last day of the work."),
        "currency": _("Currency of the amounts beside, ISO 4217."),
        "promised": _("Amount awarded."),
        "paid": _("Paid out, money that came back included."),
        "returned": _("Of what was paid, what the recipient sent back."),
        "freed": _("Promised and never paid, given up when the award ended."),
        "still_due": _("Promised, and neither paid nor given up."),
        "late": _("Of that, what was scheduled for a day that is past."),
        "spent": _("Spent, by the newest report that the funder accepted; 0 before the first."),
    },
    "payments": {
        "award": _("Number of the award."),
        "payment": _("Number of the payment within its award, by day."),
        "state": _("paid, returned, due, or late: due on a day that is past."),
        "due_on": _("Day for which it was scheduled."),
        "paid_on": _("Day on which it was paid."),
        "currency": _("Currency of the amounts, ISO 4217."),
        "amount": _("Amount of the payment."),
        "returned": _("What of it came back."),
        "returned_on": _("Day on which the last of that was booked."),
    },
    "gaps": {
        "round": _("Key of the round."),
        "area": _("Key of the area."),
        "name": _("Its name."),
        "currency": _("The round's own currency."),
        "need": _("What the round's owners say the area needs."),
        "others": _("What is publicly known to be funded there by others."),
        "round_funds": _("What public awards of the round put there and did not get back."),
        "open": _("What of the need stays open."),
    },
    "outputs": {
        "award": _("Number of an award that it came out of."),
        "work": _("The same for all awards to one proposal."),
        "kind": _("paper, model, data set, repository or audit."),
        "title": _("Title of the output."),
        "address": _("DOI or address where it can be found."),
        "licence": _("Licence that its makers gave, where they gave one."),
        "reported_on": _("Day on which the report that names it was handed in."),
    },
}
"""Table -> column -> what it means, in the order of the columns."""
