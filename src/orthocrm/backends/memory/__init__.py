"""A backend that keeps everything in this process, with the semantics of a database.

A unit of work drafts its writes beside the committed rows and applies them when it commits. The
first write or lock of a unit takes its clinic's write lock until the unit ends, so that writers of
one clinic follow each other; readers see what was committed last and wait for nobody.
"""

from orthocrm.backends.memory.backend import MemoryBackend

__all__ = ["MemoryBackend"]
