"""`orthocrm serve`: the HTTP API, as a server of its own."""

import os

import click

from orthocrm.cli.options import LARGEST_PORT, database, opened, send_traces, stored_plainly
from orthocrm.core.errors import MissingExtra


@click.command()
@database
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, LARGEST_PORT),
    default=8000,
    show_default=True,
    help="The port; 0 for any that is free.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="How many processes.",
)
@click.option(
    "--plain-cookies",
    is_flag=True,
    help="Let cookies go without HTTPS: for a server on one's own machine only.",
)
@click.option(
    "--proxies",
    type=click.IntRange(0, 8),
    default=0,
    show_default=True,
    help="How many proxies of one's own stand in front.",
)
@click.option(
    "--allow-origin",
    "origins",
    multiple=True,
    metavar="ORIGIN",
    help="Another origin whose pages may call the API; may be repeated.",
)
@click.option("--metrics", is_flag=True, help="Tell Prometheus at /metrics what is asked.")
@send_traces
@click.option("--no-pages", is_flag=True, help="Serve the API alone, without the application.")
def serve(  # noqa: PLR0913 - each is an option of its own
    url: str,
    host: str,
    port: int,
    workers: int,
    proxies: int,
    origins: tuple[str, ...],
    *,
    plain_cookies: bool,
    metrics: bool,
    no_pages: bool,
) -> None:
    """Serve the application at /, and the HTTP API; its document is at /api/openapi.json.

    Put a proxy in front that speaks HTTPS. SIGTERM and SIGINT end it after the requests in hand.
    """
    try:
        from orthocrm.web import serving  # noqa: PLC0415 - optional dependency
    except ModuleNotFoundError:
        raise MissingExtra("web", "serving the HTTP API") from None
    with opened(url):  # what is wrong with the database is told here, and once
        pass
    os.environ.update(
        {
            serving.DATABASE: url,
            serving.PLAINTEXT: "1" if stored_plainly() else "0",
            serving.PLAIN_COOKIES: "1" if plain_cookies else "0",
            serving.PROXIES: str(proxies),
            serving.ORIGINS: ",".join(origins),
            serving.METRICS: "1" if metrics else "0",
            serving.PAGES: "0" if no_pages else "1",
        }
    )
    serving.serve(
        host=host,
        port=port,
        workers=workers,
        announce=lambda address: click.echo(f"{address}/api/openapi.json"),
    )
