import sqlalchemy as sa

from tests.support import postgres

TABLES = sa.text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")


def make_table(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE leads (id int)"))
    engine.dispose()


def count_tables(url: str) -> int:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        counted = connection.scalar(TABLES)
    engine.dispose()
    return int(counted or 0)


def test_a_test_gets_an_empty_database(postgres_url: str) -> None:
    assert count_tables(postgres_url) == 0
    make_table(postgres_url)
    assert count_tables(postgres_url) == 1


def test_the_next_test_gets_another_one(postgres_url: str) -> None:
    assert count_tables(postgres_url) == 0


def test_a_database_copies_its_template(postgres_server: postgres.Server) -> None:
    template = postgres_server.create()
    make_table(postgres_server.url(template))
    with postgres_server.database(template=template) as url:
        assert count_tables(url) == 1
    postgres_server.drop(template)


def test_a_database_in_use_is_dropped(postgres_server: postgres.Server) -> None:
    with postgres_server.database() as url:
        engine = sa.create_engine(url)
        connection = engine.connect()
        connection.execute(sa.text("SELECT 1"))
    connection.invalidate()
    connection.close()
    engine.dispose()


def test_the_server_does_not_speak_utc(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SHOW timezone")) == "America/St_Johns"
    engine.dispose()
