"""Which leads are one person, which one household: comparing, scoring, blocking, clustering."""
