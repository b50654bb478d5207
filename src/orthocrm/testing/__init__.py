"""For tests of applications and backends: factories, a frozen clock, the backend suite.

`orthocrm.testing.suite` needs pytest, `orthocrm.testing.strategies` needs Hypothesis; the other
modules need neither.
"""
