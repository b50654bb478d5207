"""Verbs: permission, load, decide, save, record. No business rule lives here."""
