"""Replay: what would pooling have changed, told from a plain list of past grants.

Files become grants (`reading`), grants and stated assumptions become a round (`build`), the round
is solved and set against what happened (`solving`), and the difference is said in words
(`findings`). Nothing here knows the database or the web.
"""
