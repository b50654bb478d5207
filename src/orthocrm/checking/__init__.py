"""Whether an installation is in order: rules over facts, and what gathers the facts."""
