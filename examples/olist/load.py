"""Load the Olist marketing funnel and print how its sources compare.

`python examples/olist/load.py FOLDER [--db URL]`, where FOLDER holds the two files of the data set.
"""

import argparse
from pathlib import Path

from orthocrm import Actor, OrthoCRM, Role, connect
from orthocrm.cli import views
from orthocrm.core.ids import ClinicId
from orthocrm.leads.mapping import parse

HERE = Path(__file__).parent
PARTS = (
    ("leads.toml", "olist_marketing_qualified_leads_dataset.csv"),
    ("outcomes.toml", "olist_closed_deals_dataset.csv"),
)


def load(crm: OrthoCRM, folder: Path) -> ClinicId:
    """Import both files into a new clinic."""
    clinic = crm.create_clinic(name="Olist", timezone="UTC")
    desk = crm.acting_as(Actor.system(Role.IMPORTER, clinic.id))
    for mapping, name in PARTS:
        with (folder / name).open("rb") as stream:
            report = desk.imports.run(stream, parse((HERE / mapping).read_text()))
        tally = report.tally
        print(f"{name}: {tally.created} new, {tally.updated} updated, {tally.refused} refused")
    return clinic.id


def main(arguments: list[str] | None = None) -> None:
    """Load the files and show the report."""
    parser = argparse.ArgumentParser(description="Load the Olist marketing funnel.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--db", default="memory://")
    given = parser.parse_args(arguments)
    with connect(given.db) as crm:
        clinic = load(crm, given.folder)
        operator = crm.acting_as(Actor.system(Role.OPERATOR, clinic))
        views.show(*views.report(operator.analytics.report("sources")))


if __name__ == "__main__":
    main()
