"""Rules about who may come in: passwords, second factors, tokens, lockout, sessions, API keys."""
