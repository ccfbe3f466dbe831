"""What the public reads: rounds, awards, money, gaps, outputs, and all of it as open data.

Everything begins with `funding.permissions.publishing`. No total is shown from which one that is
kept back could be subtracted: totals are sums of public awards, and what was committed to a round
and is free in it is on none of these pages.
"""
