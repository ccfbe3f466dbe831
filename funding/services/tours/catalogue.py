"""The tours: for each role a sequence of pages, with what to look at on each.

A step names a page of the site by its endpoint, and the round of the demo that it is shown with.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from funding.models import Role


class At(StrEnum):
    """What a step's page is about: nothing of its own, or one of the demo's rounds, or a result."""

    NOTHING = "nothing"
    ROUND = "round"
    PILOT = "pilot"
    NEXT = "next"
    RESULT = "result"
    PUBLIC_PILOT = "public pilot"


ROUND_KEYS = {
    At.ROUND: "common-ground-2026",
    At.PILOT: "common-ground-pilot-2025",
    At.NEXT: "common-ground-2027",
}


@dataclass(frozen=True)
class Step:
    """One page; `look`: what to look at there, a sentence or two each."""

    title: str
    endpoint: str
    at: At
    look: tuple[str, ...]


@dataclass(frozen=True)
class Tour:
    """A tour for whoever has `role` anywhere."""

    key: str
    role: Role
    title: str
    promise: str
    steps: tuple[Step, ...]


_OWN_LIST = Step(
    "Now with your own list",
    "replay.index",
    At.NOTHING,
    (
        "Give it a spreadsheet of grants that you made, alone or with others. It says which were"
        " paid twice, and what one pool would have covered with the same money.",
        "The file stays on this machine and is read by nobody else. No round is needed for it.",
    ),
)

_OFFICER = Tour(
    "officer",
    Role.PROGRAM_OFFICER,
    "Program officer",
    "From the call to an approved line that you can defend.",
    (
        Step(
            "The call",
            "rounds.show",
            At.ROUND,
            (
                "Twelve funders share this round. The tabs are its parts; you see those that"
                " concern you.",
                "Beside the call stands what was committed together, in one currency.",
            ),
        ),
        Step(
            "Proposals",
            "proposals.index",
            At.ROUND,
            (
                "Every proposal was written once and reaches all funders. Narrow the list by area,"
                " region or risk.",
                "If you know somebody on a team, declare it on the proposal's page: from then on it"
                " is not there for you.",
            ),
        ),
        Step(
            "Overlaps",
            "overlaps.index",
            At.ROUND,
            (
                "Pairs that may be the same work, side by side, with the passages they share and"
                " how probable it is.",
                "What you call a duplicate counts in a plan. Your verdicts teach the ranking of"
                " the other pairs.",
            ),
        ),
        Step(
            "What the optimizer suggests",
            "results.show",
            At.RESULT,
            (
                "Who pays how much to which proposal, and what each funder gains against going"
                " alone. Most figures can be asked why.",
                "A proposal that is not funded says what stopped it, what forcing it in would cost,"
                " and the smallest change that would fund it.",
            ),
        ),
        Step(
            "Scenarios",
            "scenarios.index",
            At.ROUND,
            (
                "Copy a scenario, pin a proposal in or out, and solve again: a pin has a price, and"
                " it is told before you decide.",
                "Pick two and compare them line by line.",
            ),
        ),
        Step(
            "The plan of the earlier round",
            "plans.show",
            At.PILOT,
            (
                "One line for each commitment and proposal. Each is decided by the funder whose"
                " money it is, and never by who put it forward.",
                "In the round of 2026 put a plan forward yourself; a colleague then approves.",
            ),
        ),
        Step(
            "What the public sees",
            "public.round",
            At.PUBLIC_PILOT,
            (
                "The earlier round is published. A title can be withheld for a reason; you may do"
                " that for awards of your own funder.",
            ),
        ),
        _OWN_LIST,
    ),
)

_COMMITTEE = Tour(
    "committee",
    Role.COMMITTEE,
    "Steering committee",
    "From the whole picture to a vote, and to what the public reads.",
    (
        Step(
            "Where the money is",
            "dashboards.show",
            At.ROUND,
            (
                "Every unit of the round's money, from commitment to payment. Each chart has its"
                " table, and leads to the rows behind it.",
                "Filters stand in the address: a view can be sent.",
            ),
        ),
        Step(
            "Needs, and what people say",
            "areas.index",
            At.ROUND,
            (
                "What each area needs, what others fund already, and what is open.",
                "Beside it: how many of the people who wrote in public name the area. They are no"
                " sample.",
            ),
        ),
        Step(
            "Scenarios to choose from",
            "scenarios.index",
            At.ROUND,
            ("Each is a question put to the optimizer. Open one to see what it suggests.",),
        ),
        Step(
            "The decision pack",
            "packs.show",
            At.ROUND,
            (
                "A few really different portfolios, what each buys and gives up, and what the vote"
                " is about, on paper and on screen.",
            ),
        ),
        Step(
            "A vote that is closed",
            "committee.show",
            At.PILOT,
            (
                "The counts, the rule they were held to, the minutes, and one dissent in words.",
                "Who is in conflict with a proposal is not counted and does not vote.",
            ),
        ),
        Step(
            "Publish",
            "publishing.show",
            At.PILOT,
            (
                "A closed round is published after a preview. What is kept back, and why, stands"
                " below.",
                "What people say waits here until one of you has read it.",
            ),
        ),
        _OWN_LIST,
    ),
)

_FINANCE = Tour(
    "finance",
    Role.FINANCE_OFFICER,
    "Finance officer",
    "From an approved award to a ledger that balances.",
    (
        Step(
            "Awards",
            "awards.index",
            At.NOTHING,
            (
                "Each is one funder's promise to one proposal, with what is scheduled and paid.",
                "On an award's page a tranche is scheduled by one person and released by another.",
            ),
        ),
        Step(
            "Payments",
            "payments.index",
            At.NOTHING,
            (
                "Released tranches become a file for the bank, which another person approves. The"
                " bank's statement then settles it.",
            ),
        ),
        Step(
            "The trial balance",
            "ledger.trial_balance",
            At.NOTHING,
            (
                "Every movement is one row with two sides. Nothing is changed; a mistake is undone"
                " by a movement the other way.",
            ),
        ),
        Step(
            "Reports",
            "reporting.index",
            At.NOTHING,
            ("A tranche can wait for a report. What was paid and not spent is asked back.",),
        ),
        Step(
            "Commitments",
            "commitments.mine",
            At.NOTHING,
            ("What your funder has promised, in every round, and where that money stands.",),
        ),
        _OWN_LIST,
    ),
)

_RESEARCHER = Tour(
    "researcher",
    Role.RESEARCHER,
    "Researcher",
    "One proposal for all funders, and a clear answer.",
    (
        Step(
            "A call that is open",
            "rounds.show",
            At.NEXT,
            (
                "What it is for, who may apply, until when, and what others asked.",
                "'Start a proposal' begins a draft that is saved while you type.",
            ),
        ),
        Step(
            "My proposals",
            "applications.index",
            At.NOTHING,
            (
                "Where each one stands and what comes next. Scores and ranking are nobody's to see"
                " before the decision.",
                "Where the answer is no, it says why, and what would have made it a yes.",
            ),
        ),
        Step(
            "Awards",
            "awards.index",
            At.NOTHING,
            ("An offer waits here for your answer, with the agreement to sign.",),
        ),
        Step(
            "Reports",
            "reporting.index",
            At.NOTHING,
            (
                "What is due, written once for all funders of a proposal: progress, outputs and"
                " spend.",
                "An extension or another budget is asked for from the award's page.",
            ),
        ),
        Step(
            "What became of the earlier round",
            "public.round",
            At.PUBLIC_PILOT,
            ("What anybody can read of funded work: money, outputs, and never a person's name.",),
        ),
    ),
)

_REVIEWER = Tour(
    "reviewer",
    Role.REVIEWER,
    "Reviewer",
    "Fair reviews in few clicks.",
    (
        Step(
            "My reviews",
            "reviews.index",
            At.NOTHING,
            (
                "What waits, with its day. You see title and applicants only, until you declare"
                " that you are in no conflict.",
                "What you type is kept. Others' reviews open once you have handed in your own.",
                "Below: what you know, how many reviews you take, and when you are away.",
            ),
        ),
        Step(
            "The round",
            "rounds.show",
            At.ROUND,
            ("What the round is for, and the questions that applicants answered.",),
        ),
        Step(
            "Areas and their borders",
            "areas.index",
            At.ROUND,
            ("Definitions say what belongs where, and which neighbour takes the rest.",),
        ),
        Step(
            "What reviews led to",
            "public.round",
            At.PUBLIC_PILOT,
            ("The earlier round in public. Reviewers are never named, scores never shown.",),
        ),
    ),
)

_AUDITOR = Tour(
    "auditor",
    Role.AUDITOR,
    "Auditor",
    "Check it all, and change nothing.",
    (
        Step(
            "The log",
            "log.index",
            At.NOTHING,
            (
                "Every act of your organisation and in its rounds, by whom and on what.",
                "'Prove that it is whole' reckons every link anew.",
            ),
        ),
        Step(
            "The trial balance",
            "ledger.trial_balance",
            At.NOTHING,
            ("It balances in every currency. What one person posted alone is marked.",),
        ),
        Step(
            "Statements",
            "awards.index",
            At.NOTHING,
            ("From an award, 'Trace its money' leads from the clause to the last payment.",),
        ),
        Step(
            "A vote on record",
            "committee.show",
            At.PILOT,
            ("Counts, rule, minutes and dissent; the database counted again when it was closed.",),
        ),
        Step(
            "Compensating reviews",
            "compensating.index",
            At.NOTHING,
            ("Where four eyes were not to be had, somebody said why, and another judges it.",),
        ),
        Step(
            "What the public sees",
            "public.round",
            At.PUBLIC_PILOT,
            ("The same figures, to the cent, and what is kept back with its reason.",),
        ),
        _OWN_LIST,
    ),
)

TOURS = {
    tour.key: tour for tour in (_OFFICER, _RESEARCHER, _COMMITTEE, _FINANCE, _REVIEWER, _AUDITOR)
}
"""By key, in the order shown."""
