"""Channels: how a delivery of any kind becomes enquiries, each a pure mapper."""
