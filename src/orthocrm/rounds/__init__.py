"""One round of the work that waits: what the clock brings about, and letters to carriers.

It lies beneath the composition root, which opens it, and may do what verbs may not: wait, log, and
have several calls under way at once.
"""
