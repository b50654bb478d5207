"""What happens in a clinic, as it happens."""
