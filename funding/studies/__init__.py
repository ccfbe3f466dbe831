"""Studies: what is worked out in the background about a finished plan.

Each kind is one module with one function: from a round, its plan and the study's parameters to a
document that JSON can hold (`kind.Kind`). None of them knows the database or the web;
`kinds.KINDS` lists them. A document names proposals, funders and areas by their ids in the round,
so that what somebody may not see can be taken out of it (`funding.reports.discretion`).
"""
