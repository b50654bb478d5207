"""Fixtures for every test: an empty database of each kind."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.support import migrated, postgres, watch

HERE = Path(__file__).parent

# To measure coverage doubles what a test costs. These go again and again through lines that flows
# and unit tests have been through, or through a backend that is none of the library's.
UNMEASURED = {
    "backends/test_planted_faults.py",
    "backends/test_third_party.py",
    "flows/test_histories.py",
    "flows/test_olist.py",
    "security/test_every_operation.py",
    "security/test_matrix.py",
    "security/test_scheduling_matrix.py",
    "unit/demo/test_year.py",
    "unit/intelligence/test_public_sets.py",
    "unit/intelligence/test_sentiment_model.py",
}

# What these prepare takes longer than all of their tests: one process does it, once.
PREPARED_ONCE = {
    "flows/test_histories.py",
    "flows/test_olist.py",
    "flows/test_reports.py",
    "unit/benchmarks/test_reports.py",
    "unit/demo/test_year.py",
    "unit/intelligence/test_m3.py",
    "unit/intelligence/test_sentiment_model.py",
}

BROWSER = "browser/"
"""Whose tests share a browser."""

# Where these are tried in the usual run; `make faults` tries them on every engine. Most of them are
# refused before anything is stored, the others take minutes.
TRIED_ON = {
    "faults/test_01_killed_writers.py": "postgres",
    "faults/test_04_05_killed_workers_remind.py": "sqlite",
    "faults/test_13_killed_migrations.py": "postgres",
    "faults/test_14_key_rotation.py": "sqlite",
    "flows/test_answers.py": "memory",
    "flows/test_assignment_examples.py": "memory",
    "flows/test_bad_input.py": "memory",
    "flows/test_diary_refusals.py": "memory",
    "flows/test_histories.py": "sqlite",
    "flows/test_import_bad_input.py": "memory",
    "flows/test_ranges.py": "memory",
    "flows/test_wrong_types.py": "memory",
    "security/test_every_operation.py": "sqlite",
}
ENGINES = ("memory", "sqlite", "postgres")

AGAIN_AND_AGAIN = {"browser", "faults", "properties", "queries", "simulations"}

SERVER_DIRECTORY = pytest.StashKey[Path]()

# A slow machine is no failure; speed is measured by the benchmarks.
hypothesis.settings.register_profile("orthocrm", deadline=None, print_blob=True)
hypothesis.settings.load_profile("orthocrm")


def pytest_configure(config: pytest.Config) -> None:
    told = getattr(config, "workerinput", None)
    directory = Path(told["postgres_directory"]) if told else postgres.reserve()
    config.stash[SERVER_DIRECTORY] = directory


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["postgres_directory"] = str(node.config.stash[SERVER_DIRECTORY])


def pytest_unconfigure(config: pytest.Config) -> None:
    leads_the_run = not hasattr(config, "workerinput")
    if leads_the_run and SERVER_DIRECTORY in config.stash:
        watch.stop(config.stash[SERVER_DIRECTORY])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give tests of one preparation to one process; groups by mark are lost on some versions."""
    from xdist.scheduler import LoadGroupScheduling  # noqa: PLC0415 - only where it is used

    class Together(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0].removeprefix(f"{HERE.name}/")
            if path.startswith(BROWSER):
                return BROWSER
            return path if path in PREPARED_ONCE else nodeid

    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        path = str(item.path.relative_to(HERE)) if item.path.is_relative_to(HERE) else ""
        if path in TRIED_ON and _engine(item) not in (None, TRIED_ON[path]):
            item.add_marker(pytest.mark.slow)


def _engine(item: pytest.Item) -> str | None:
    """Give the engine that a test is parametrised with."""
    values = getattr(getattr(item, "callspec", None), "params", {}).values()
    return next((value for value in values if value in ENGINES), None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure no coverage of what is not measured, nor of what is prepared for it."""
    coverage = item.config.pluginmanager.getplugin("_cov")
    controller = getattr(coverage, "cov_controller", None)
    if controller is None or not item.path.is_relative_to(HERE) or _is_measured(item):
        return (yield)
    controller.pause()
    try:
        return (yield)
    finally:
        controller.resume()


def _is_measured(item: pytest.Item) -> bool:
    """Whether the lines that a test goes through are counted.

    What holds on every backend goes through the rules and verbs on memory as well, and what is an
    engine's own is measured where backends are tested.
    """
    path = item.path.relative_to(HERE)
    is_repeated = "backends" not in path.parts and any(
        engine in item.name for engine in ("sqlite", "postgres")
    )
    return not (str(path) in UNMEASURED or path.parts[0] in AGAIN_AND_AGAIN or is_repeated)


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> postgres.Server:
    """The run's PostgreSQL server, for tests that need more than one empty database."""
    return postgres.running(pytestconfig.stash[SERVER_DIRECTORY])


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own, for its owner."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'practice.db'}"


@pytest.fixture(scope="session")
def _migrated_sqlite() -> Iterator[migrated.SqliteFile]:
    with migrated.sqlite_file() as file:
        yield file


@pytest.fixture(scope="session")
def _migrated_postgres(postgres_server: postgres.Server) -> Iterator[migrated.PostgresDatabase]:
    with migrated.postgres_database(postgres_server) as database:
        yield database


@pytest.fixture
def migrated_sqlite_url(_migrated_sqlite: migrated.SqliteFile) -> Iterator[str]:
    """The address of an SQLite file with the tables of this release, and nothing in them."""
    with _migrated_sqlite.copied() as url:
        yield url


@pytest.fixture
def migrated_postgres_url(_migrated_postgres: migrated.PostgresDatabase) -> str:
    """The address of the worker's migrated PostgreSQL database, which is empty now.

    It is that of a role behind the wall between clinics, as applications are.
    A test that changes the schema takes `postgres_url` instead.
    """
    return _migrated_postgres.emptied()
