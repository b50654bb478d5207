"""Analytics: every number has one definition here, computed over the query language."""
