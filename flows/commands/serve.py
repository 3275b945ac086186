"""``augment-kitti serve``: everything ``prefect deployment run augment-kitti`` needs, on 127.0.0.1."""

import argparse
import signal
import sys

from flows.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("serve", help="keep up Prefect, MLflow, the deployment and a worker")
    parser.set_defaults(main=main)
    parser.add_argument("--background", action="store_true", help="return once all is up; `augment-kitti stop` ends it")
    add_ports(parser)


def add_ports(parser: argparse.ArgumentParser) -> None:
    """The ports of the pages."""
    parser.add_argument("--prefect-port", type=int, default=4200, metavar="PORT", help="default: %(default)s")
    parser.add_argument("--mlflow-port", type=int, default=5000, metavar="PORT", help="default: %(default)s")


def main(arguments: argparse.Namespace) -> int:
    """Start all, say where to look, stop all on Ctrl-C."""
    if arguments.background:
        return _background(arguments)
    from flows.servers import PREFECT_PORT
    from flows.services import DEPLOYMENT, pages, wait_for_the_first_to_end, worker

    for sign in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C, even where a shell made it deaf, and a service manager's way
        signal.signal(sign, signal.default_int_handler)
    _say("Starting Prefect and MLflow ...")
    try:
        with pages(arguments.prefect_port, arguments.mlflow_port, services=True) as servers:
            _say("Starting the deployment's worker ...")
            with worker(servers[0]) as busy:
                for server in servers:
                    _say(f"{server.name:<15} {server.url}")
                if arguments.prefect_port != PREFECT_PORT:
                    _say(f"In other terminals: export PREFECT_API_URL={servers[0].url}/api")
                _say(f"Queue a study:  prefect deployment run {DEPLOYMENT}")
                _say("Ctrl-C stops all of them.")
                wait_for_the_first_to_end([*servers, busy])
    except KeyboardInterrupt:
        _say("Stopped.")
    return 0


def _background(arguments: argparse.Namespace) -> int:
    from flows.background import start
    from flows.servers import running_services

    ports = ["--prefect-port", str(arguments.prefect_port), "--mlflow-port", str(arguments.mlflow_port)]
    _say("Starting Prefect, MLflow and the deployment's worker ...")
    start(ports)
    for name, url in running_services().items():
        _say(f"{name:<15} {url}")
    _say("augment-kitti status shows what happens, augment-kitti stop ends it.")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
