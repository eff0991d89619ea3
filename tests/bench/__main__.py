"""`make bench`: runs the benches that are named, or all, and prints one table."""

import argparse
from pathlib import Path

from bench import BENCHES
from bench.table import lines, page


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHES)} (default: all)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page there as well")
    asked = parser.parse_args()
    if unknown := set(asked.names).difference(BENCHES):
        parser.error(f"no bench {min(unknown)}; there are: {', '.join(BENCHES)}")
    rows = []
    for name in asked.names or BENCHES:
        print(f"{name} ...", flush=True)
        rows += BENCHES[name]()
    print("\n".join(lines(rows)))
    if asked.write:
        asked.write.write_text(page(rows))


if __name__ == "__main__":
    main()
