"""Storage: each module implements the ports of `orthocrm.core.ports` and imports only the core."""
