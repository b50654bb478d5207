"""Deliveries of every channel, quick entries, and what a clinic saves for them."""
