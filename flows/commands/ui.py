"""``augment-kitti ui``: Prefect's and MLflow's pages in the browser."""

import argparse
import sys
import webbrowser
from collections.abc import Iterable

from flows.commands import Commands
from flows.commands.serve import add_ports


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("ui", help="open the pages of MLflow and Prefect")
    parser.set_defaults(main=main)
    parser.add_argument("--no-browser", action="store_true", help="print the addresses only")
    add_ports(parser)


def main(arguments: argparse.Namespace) -> int:
    """Show the pages that are up, or keep them up until Ctrl-C."""
    from flows.servers import running_services
    from flows.services import pages, wait_for_the_first_to_end

    running = running_services()
    if running:
        _show(running.values(), arguments)
        return 0
    with pages(arguments.prefect_port, arguments.mlflow_port, services=False) as servers:
        _show(running_services().values(), arguments)
        sys.stdout.write("Ctrl-C stops them.\n")
        sys.stdout.flush()
        try:
            wait_for_the_first_to_end(servers)
        except KeyboardInterrupt:
            return 0
    return 0


def _show(addresses: Iterable[str], arguments: argparse.Namespace) -> None:
    for address in addresses:
        sys.stdout.write(f"{address}\n")
        if not arguments.no_browser:
            webbrowser.open(address)
