"""What a proposal still lacks before it can be handed in: every fault, each with its field."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from funding.errors import Fault
from funding.formatting import format_amount, format_share
from funding.language import gettext, said
from funding.models import Proposal
from funding.services import risk
from funding.services.form_fields import ABSTRACT_LEAST


def faults_of(proposal: Proposal, areas: Collection[str]) -> list[Fault]:
    """Everything that is missing or does not add up, in the order of the form.

    `areas` are the keys of the round's areas as they are now.
    """
    return [
        *_texts(proposal),
        *_areas(proposal, areas),
        *_money(proposal),
        *_years(proposal),
        *_period(proposal),
        *_team(proposal),
        *_place(proposal),
        *_risk(proposal),
        *_answers(proposal),
    ]


def _texts(proposal: Proposal) -> Iterator[Fault]:
    if not proposal.title:
        yield Fault("title", "Give the proposal a title.")
    length = len(proposal.abstract)
    if length < ABSTRACT_LEAST:
        yield Fault(
            "abstract",
            gettext(
                "Write at least %(abstract_least)s characters; so far there are %(length)s.",
                abstract_least=ABSTRACT_LEAST,
                length=length,
            )
            if length
            else "Write an abstract.",
        )


def _areas(proposal: Proposal, areas: Collection[str]) -> Iterator[Fault]:
    if not proposal.areas:
        yield Fault("area_1", "Name at least one area.")
        return
    for number, tag in enumerate(proposal.areas, 1):
        if tag.area_key not in areas:
            yield Fault(f"area_{number}", "This area is not in the round any more.")
    total = sum(Decimal(str(tag.weight)) for tag in proposal.areas)
    if total != 1:
        yield Fault(
            "share_1",
            gettext(
                "The shares must add up to 100%%; they add up to %(percent)s.",
                percent=format_share(float(total)),
            ),
        )


def _money(proposal: Proposal) -> Iterator[Fault]:
    currency = proposal.round.base_currency
    if not proposal.ask:
        yield Fault("ask", "Say how much you ask for.")
    if not proposal.minimum:
        yield Fault("minimum", "Say with how much, at the least, the work is still worth doing.")
    if not proposal.budget:
        yield Fault("line_1", "Give at least one budget line.")
        return
    for number, line in enumerate(proposal.budget, 1):
        if not line.name:
            yield Fault(f"line_{number}", "Say what this amount is for.")
        if not line.amount:
            yield Fault(f"amount_{number}", "Give the amount of this line.")
    total = sum(line.amount for line in proposal.budget)
    if proposal.ask and total != proposal.ask:
        yield Fault(
            "amount_1",
            gettext(
                "The budget lines must add up to what you ask for, %(ask)s; they add up to "
                "%(total)s.",
                ask=format_amount(proposal.ask, currency),
                total=format_amount(total, currency),
            ),
        )


def _years(proposal: Proposal) -> Iterator[Fault]:
    """What is asked for by year is optional; where it is said, it adds up and lies in the work."""
    currency = proposal.round.base_currency
    starts, ends = proposal.starts_on, proposal.ends_on
    for number, part in enumerate(proposal.years, 1):
        if not part.amount:
            yield Fault(f"part_{number}", "Give the amount for this year, or leave the year out.")
        if starts and ends and not starts.year <= part.year <= ends.year:
            yield Fault(
                f"year_{number}",
                gettext("%(year)s lies outside the time of the work.", year=part.year),
            )
    total = sum(part.amount for part in proposal.years)
    if proposal.years and proposal.ask and total != proposal.ask:
        yield Fault(
            "part_1",
            gettext(
                "The years must add up to what you ask for, %(ask)s; they add up to %(total)s.",
                ask=format_amount(proposal.ask, currency),
                total=format_amount(total, currency),
            ),
        )


def _period(proposal: Proposal) -> Iterator[Fault]:
    if proposal.starts_on is None:
        yield Fault("starts_on", "Give the first day of the work.")
    if proposal.ends_on is None:
        yield Fault("ends_on", "Give the last day of the work.")


def _team(proposal: Proposal) -> Iterator[Fault]:
    if not any(member.name for member in proposal.team):
        yield Fault("member_1_name", "Name at least one person who does the work.")
    for number, member in enumerate(proposal.team, 1):
        if not member.name and (member.role or member.email or member.orcid):
            yield Fault(f"member_{number}_name", "Give this person's name.")


def _place(proposal: Proposal) -> Iterator[Fault]:
    if proposal.institution_id is None:
        yield Fault("institution", "Choose the institution that would receive the money.")
    if not proposal.country:
        yield Fault("country", "Choose the country where most of the work is done.")
    if not proposal.region:
        yield Fault("region", "Choose the region where most of the work is done.")


def _risk(proposal: Proposal) -> Iterator[Fault]:
    for question in risk.QUESTIONS:
        if question.key not in proposal.risk_answers:
            yield Fault(f"risk_{question.key}", "Answer this question.")
    suggested = risk.suggest_tier(proposal.risk_answers)
    if not proposal.risk_tier:
        yield Fault("risk_tier", "Choose a risk tier.")
    elif (
        suggested
        and risk.is_below(proposal.risk_tier, suggested)
        and not proposal.risk_answers.get("reason")
    ):
        yield Fault(
            "risk_reason",
            gettext(
                "Your answers lead to the tier “%(suggested)s”. Say why a lower one is right.",
                suggested=suggested,
            ),
        )


def _answers(proposal: Proposal) -> Iterator[Fault]:
    for question in proposal.round.questions:
        answer = str(proposal.answers.get(question.key, ""))
        name = f"question_{question.key}"
        if question.is_required and not answer:
            yield Fault(name, "Answer this question of the round.")
        elif answer and question.kind == "choice" and answer not in question.choices:
            yield Fault(name, "Choose one of the answers offered now.")


def sums_in_words(
    areas: Mapping[str, float],
    budget: Sequence[tuple[str, int]],
    years: Mapping[int, int],
    ask: int,
    currency: str,
) -> dict[str, str]:
    """How shares, budget lines and years add up so far, a sentence each: {"areas", "budget",
    "years"}.

    Amounts in minor units of `currency`.
    """
    shares = sum((Decimal(str(weight)) for weight in areas.values()), Decimal(0))
    percent = format_share(float(shares))
    if shares == 1:
        shares_say = gettext("The shares add up to %(percent)s.", percent=percent)
    else:
        shares_say = gettext(
            "The shares add up to %(percent)s; they should come to 100%%.", percent=percent
        )
    budget_says = _sum_in_words("The lines", sum(amount for _, amount in budget), ask, currency)
    years_say = _sum_in_words("The years", sum(years.values()), ask, currency)
    if not years:
        years_say = "No years are given: the money counts as needed evenly over the months of work."
    return {"areas": shares_say, "budget": budget_says, "years": years_say}


def _sum_in_words(what: str, total: int, ask: int, currency: str) -> str:
    says = gettext(
        "%(what)s add up to %(total)s", what=said(what), total=format_amount(total, currency)
    )
    if ask and total == ask:
        says += gettext(", which is what you ask for")
    elif ask:
        apart = format_amount(abs(ask - total), currency)
        says += (
            gettext(", %(apart)s less than you ask for", apart=apart)
            if total < ask
            else gettext(", %(apart)s more than you ask for", apart=apart)
        )
    return f"{says}."
