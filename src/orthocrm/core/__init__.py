"""Nouns, ports, the query language, errors, time and money: what every other layer speaks."""
