"""Ours beside its peers, in turn, in one run. Ratios travel; seconds belong to one machine."""

from bench.crowd import crowd
from bench.scrape import scrape
from bench.start import start
from bench.table import Bench

BENCHES: dict[str, Bench] = {
    "scrape": scrape,
    "crowd": crowd,
    "start": start,
}
