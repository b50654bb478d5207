"""The HTTP API over the same verbs (extra `web`): `application` makes it.

`wire` reads, writes and describes values, `shapes` are the nouns of the source documents as these
write them, `endpoints` the table of everything that can be asked; `handling` answers one request.
"""

from orthocrm.web.application import application

__all__ = ["application"]
