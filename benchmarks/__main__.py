"""Runs benchmarks: `python -m benchmarks [NAME…] [--quick]`; each in a process of its own, so that none warms another up."""

import argparse
import subprocess
import sys

QUICK = {
    "classifier": ("--no-clinc",),
    "agent_loop": (),
    "webhooks": ("--quick",),
    "turns": ("--quick",),
    "tool_calls": ("--quick",),
}
"""Every benchmark, and what makes it short."""


def main() -> int:
    """Run what is named, or everything; 1 when one could not be run. A missed target is a figure, not a failure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(QUICK)}; all without one")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    wanted = parser.parse_args()
    if unknown := sorted(set(wanted.names) - set(QUICK)):
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(QUICK)}")
    failed = [name for name in wanted.names or QUICK if not _ran(name, quick=wanted.quick)]
    if failed:
        print(f"could not be run: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _ran(name: str, *, quick: bool) -> bool:
    print(f"== {name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", *(QUICK[name] if quick else ())]
    return subprocess.run(command).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
