"""What an address and the environment say: backend, keys, checkpoints, secrets."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from attrs import evolve, frozen

from orthocrm.core.errors import (
    MissingKey,
    UnknownBackend,
)
from orthocrm.core.ids import ClinicId
from orthocrm.core.outside import NoSecrets, Outside
from orthocrm.core.ports import (
    Backend,
    CheckpointSink,
    KeyProvider,
    Signer,
    UnitOfWork,
    Vault,
)
from orthocrm.core.settings import Clinic
from orthocrm.core.tracing import NO_TRACES, Tracer
from orthocrm.hooks import Plugins

_LOG = logging.getLogger("orthocrm")
_MEMORY = "memory"
_SQLITE = "sqlite"
_SQL_SCHEMES = (_SQLITE, "postgresql", "postgresql+psycopg")


def file_of(url: str) -> Path | None:
    """Name the file of an embedded database; None for any other."""
    name = unquote(url.removeprefix("sqlite:///").partition("?")[0])
    is_file = url.startswith("sqlite:///") and name not in ("", ":memory:")
    return Path(name) if is_file else None


def found_sink() -> CheckpointSink | None:
    """Give the file of checkpoints that the environment names."""
    from orthocrm.privacy import checkpoint_file  # noqa: PLC0415 - slow import

    path = os.environ.get(checkpoint_file.VARIABLE)
    return checkpoint_file.CheckpointFile(path) if path else None


def found_signer(url: str, keys: KeyProvider | None, *, allow_plaintext: bool) -> Signer:
    """Find a key for checkpoints that nobody gave: a file of its own, else out of the others."""
    from orthocrm.privacy import signing  # noqa: PLC0415 - slow import

    path = os.environ.get(signing.VARIABLE)
    if path:
        return signing.SigningKeyFile(path)
    if allow_plaintext:
        raise MissingKey(f"give a signer for the checkpoints, or set {signing.VARIABLE}")
    return signing.DerivedSigner(keys or _found_keys(url, url.partition(":")[0]))


def with_secrets(outside: Outside) -> Outside:
    """Read secrets that nobody gave from the environment."""
    if not isinstance(outside.secrets, NoSecrets):
        return outside
    from orthocrm.privacy.secrets import environment_secrets  # noqa: PLC0415 - slow import

    return evolve(outside, secrets=environment_secrets())


def backend(
    url: str, keys: KeyProvider | None, plugins: Plugins, *, allow_plaintext: bool
) -> Backend:
    """Open the backend of a URL."""
    scheme = url.partition(":")[0] if isinstance(url, str) else ""
    brought = plugins.collect("register_backends")
    if scheme in brought:
        made: Backend = brought[scheme](url)
        return made
    if scheme == _MEMORY:
        from orthocrm.backends.memory import MemoryBackend  # noqa: PLC0415 - slow import

        return MemoryBackend()
    if scheme not in _SQL_SCHEMES:
        raise UnknownBackend(scheme)
    return _sql(url, scheme, keys, allow_plaintext=allow_plaintext)


@frozen
class Traced:
    """A `Backend` whose units of work are told to a tracer."""

    _backend: Backend
    _tracer: Tracer

    @contextmanager
    def begin(self, clinic: ClinicId) -> Iterator[UnitOfWork]:
        """Open a unit of work; its span ends when all is kept."""
        with (
            self._tracer.span("unit of work", {"orthocrm.clinic": clinic}),
            self._backend.begin(clinic) as store,
        ):
            yield store

    def clinics(self) -> Sequence[Clinic]:
        """List every clinic."""
        return self._backend.clinics()

    def migrate(self) -> None:
        """Bring the schema to this release."""
        self._backend.migrate()

    def close(self) -> None:
        """Give back connections and files."""
        self._backend.close()


def traced(backend: Backend, tracer: Tracer) -> Backend:
    """Let a tracer hear of units of work, where there is one."""
    return backend if tracer is NO_TRACES else Traced(backend, tracer)


def _sql(url: str, scheme: str, keys: KeyProvider | None, *, allow_plaintext: bool) -> Backend:
    from orthocrm.backends.sql import SqlBackend  # noqa: PLC0415 - slow import

    backend = SqlBackend(url, _vault(url, scheme, keys, allow_plaintext=allow_plaintext))
    if scheme == _SQLITE:
        backend.migrate()
    return backend


def _vault(url: str, scheme: str, keys: KeyProvider | None, *, allow_plaintext: bool) -> Vault:
    from orthocrm.privacy import cipher  # noqa: PLC0415 - slow import

    if allow_plaintext:
        return cipher.PlainVault()
    return cipher.EnvelopeVault(keys or _found_keys(url, scheme))


def _found_keys(url: str, scheme: str) -> KeyProvider:
    """Find the keys that nobody gave: in the environment, or beside an embedded database."""
    from orthocrm.privacy import keys  # noqa: PLC0415 - slow import

    if keys.VARIABLE in os.environ:
        return keys.EnvironmentKeys()
    if scheme == _MEMORY:
        return keys.StaticKeys({1: os.urandom(keys.KEY_BYTES)})
    if scheme != _SQLITE:
        raise MissingKey(f"give keys, set {keys.VARIABLE}, or allow plaintext")
    database = unquote(url.removeprefix("sqlite:///").partition("?")[0])
    if url in ("sqlite://", "sqlite:///") or database == ":memory:":
        return keys.StaticKeys({1: os.urandom(keys.KEY_BYTES)})
    return _key_file(Path(database))


def _key_file(database: Path) -> KeyProvider:
    from orthocrm.privacy import keys  # noqa: PLC0415 - slow import

    path = database.with_name(database.name + ".keys")
    if path.exists():
        return keys.KeyFile(path)
    if database.exists() and database.stat().st_size:
        raise MissingKey(f"{path}: the key file of this database is gone; bring it back")
    made = keys.KeyFile.create(path)
    _LOG.warning("a key file was made; keep a copy, nothing can be read without it: %s", path)
    return made
