"""What each column of the open data means: one list, from which files and their page are made."""

from __future__ import annotations

from funding.language import lazy

LICENCE = "CC-BY-4.0"
LICENCE_NAME = "Creative Commons Attribution 4.0 International"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"

FIELDS: dict[str, dict[str, str]] = {
    "rounds": {
        "round": lazy("Key of the round, as in its address; it never changes."),
        "name": lazy("Name of the round."),
        "owner": lazy("Organisation that runs the round."),
        "published_on": lazy("Day of the newest publishing."),
        "currency": lazy("The round's own currency, in which the amounts beside are counted."),
        "awards": lazy("Awards that are public; one proposal can have several, one a fund."),
        "works": lazy("Proposals with such an award."),
        "promised": lazy("Awarded, at the rates the round was decided at."),
        "paid": lazy("Paid out, money that came back included."),
        "returned": lazy("Of what was paid, what recipients sent back."),
        "freed": lazy("Promised and never paid, given up when an award ended."),
        "late": lazy("Scheduled for a day that is past, and not paid."),
        "spent": lazy("Spent, by reports that the funder accepted."),
    },
    "awards": {
        "award": lazy("Number of the award, as in its address; it is never given again."),
        "address": lazy("Where the award's page is."),
        "round": lazy("Key of the round it was made in."),
        "work": lazy("The same for all awards to one proposal."),
        "title": lazy("Title of the proposal; empty where it is withheld."),
        "withheld_because": lazy("Why the title is withheld: one of the reasons listed below."),
        "abstract": lazy("What the work is about, in its applicants' words."),
        "funder": lazy("Key of the organisation that pays."),
        "funder_name": lazy("Its name."),
        "fund": lazy("The commitment that the money comes from."),
        "recipient": lazy("Key of the institution that receives it; empty for one without."),
        "recipient_name": lazy("Its name. People are never named."),
        "country": lazy("Country of the applicants, ISO 3166-1 alpha-2."),
        "region": lazy("World Bank region of the applicants."),
        "areas": lazy("Areas of the work with their shares: key=share, the largest first."),
        "state": lazy("accepted, active, completed or terminated."),
        "awarded_on": lazy("Day of the funder's approval."),
        "starts_on": lazy("First day of the work."),
        "ends_on": lazy("Last day of the work."),
        "currency": lazy("Currency of the amounts beside, ISO 4217."),
        "promised": lazy("Amount awarded."),
        "paid": lazy("Paid out, money that came back included."),
        "returned": lazy("Of what was paid, what the recipient sent back."),
        "freed": lazy("Promised and never paid, given up when the award ended."),
        "still_due": lazy("Promised, and neither paid nor given up."),
        "late": lazy("Of that, what was scheduled for a day that is past."),
        "spent": lazy("Spent, by the newest report that the funder accepted; 0 before the first."),
    },
    "payments": {
        "award": lazy("Number of the award."),
        "payment": lazy("Number of the payment within its award, by day."),
        "state": lazy("paid, returned, due, or late: due on a day that is past."),
        "due_on": lazy("Day for which it was scheduled."),
        "paid_on": lazy("Day on which it was paid."),
        "currency": lazy("Currency of the amounts, ISO 4217."),
        "amount": lazy("Amount of the payment."),
        "returned": lazy("What of it came back."),
        "returned_on": lazy("Day on which the last of that was booked."),
    },
    "gaps": {
        "round": lazy("Key of the round."),
        "area": lazy("Key of the area."),
        "name": lazy("Its name."),
        "currency": lazy("The round's own currency."),
        "need": lazy("What the round's owners say the area needs."),
        "others": lazy("What is publicly known to be funded there by others."),
        "round_funds": lazy("What public awards of the round put there and did not get back."),
        "open": lazy("What of the need stays open."),
    },
    "outputs": {
        "award": lazy("Number of an award that it came out of."),
        "work": lazy("The same for all awards to one proposal."),
        "kind": lazy("paper, model, data set, repository or audit."),
        "title": lazy("Title of the output."),
        "address": lazy("DOI or address where it can be found."),
        "licence": lazy("Licence that its makers gave, where they gave one."),
        "reported_on": lazy("Day on which the report that names it was handed in."),
    },
}
"""Table -> column -> what it means, in the order of the columns."""
