"""The tutor: a dialogue that asks back, recommends, quotes the course, and never gives an open exercise's answer away.

A message goes through pure steps: understanding (what was said), exercises (is an exercise's question in it), passages
(what of the course answers it), policy (what to do), answers (may this be said). `replying` puts them together with
what the database holds, `services` stores, `jobs` let a model reword quoted passages in a worker. No model decides
anything, and none is waited for.
"""
