"""Verbs about users, API keys and sessions, and what happens before there is an actor."""
