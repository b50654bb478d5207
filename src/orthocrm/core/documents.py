"""Documents of a lead: they lie elsewhere, and are named by a reference that is safe to open."""

import re
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from orthocrm.core.activity import Document
from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.limits import LABEL
from orthocrm.core.reading import Reading

LONGEST_REFERENCE = 2000
MOST_SCHEMES = 10
NEVER = frozenset({"about", "blob", "data", "file", "ftp", "http", "javascript", "vbscript"})
"""Schemes that run something, show a local file, or travel in clear."""

_SCHEME = re.compile("[a-z][a-z0-9+.-]{0,29}")
_REFERENCE = re.compile(r"[!#-;=?-Z\[\]_a-z~%]+")
_MEDIA_TYPE = re.compile("[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,99}")


def document_scheme_problems(schemes: object) -> Iterator[Problem]:
    """Name what is wrong with the host application's own schemes."""
    several = isinstance(schemes, tuple) and len(schemes) <= MOST_SCHEMES
    if not isinstance(schemes, tuple) or not several or not all(map(_may_be_named, schemes)):
        message = f"give at most {MOST_SCHEMES} schemes in small letters, none that runs something"
        yield Problem("document_schemes", "bad_setting", message)


def _may_be_named(scheme: object) -> bool:
    return isinstance(scheme, str) and bool(_SCHEME.fullmatch(scheme)) and scheme not in NEVER


def checked_document(document: object, schemes: Collection[str]) -> Document:
    """Take a document whose reference is an `https` address, or of one of the `schemes`.

    Raises:
        InvalidInput: names every field that is wrong.
    """
    if not isinstance(document, Document):
        raise InvalidInput.at("document", "wrong_type", "give a Document")
    reading = Reading()
    name = reading.text("document.name", document.name, LABEL)
    reading.required("document.name", name)
    reference = reading.text("document.reference", document.reference, LONGEST_REFERENCE)
    reading.required("document.reference", reference)
    if reference is not None and not _is_safe(reference, schemes):
        reading.refuse("document.reference", "not_allowed", "give an https address of a document")
    media_type = reading.text("document.media_type", document.media_type, LABEL)
    if media_type is not None and not _MEDIA_TYPE.fullmatch(media_type):
        reading.refuse("document.media_type", "not_a_type", "give a type such as application/pdf")
    reading.finish()
    return Document(name=name or "", reference=reference or "", media_type=media_type)


def _is_safe(reference: str, schemes: Collection[str]) -> bool:
    """Whether an address is plain ASCII, of an allowed scheme, and carries no password."""
    if not _REFERENCE.fullmatch(reference):
        return False
    try:
        parts = urlsplit(reference)
        known = parts.scheme in schemes and parts.scheme not in NEVER
        https = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return (known or https) and parts.username is None and parts.password is None
