"""Whether two pieces of work are the same work: texts, people, places, money, time.

Nothing in here knows the database or the site: works go in, judgements come out.
"""
