"""Ours beside its peers, in turn, in one run. Ratios travel; seconds belong to one machine."""

from bench.scrape import scrape
from bench.table import Bench

BENCHES: dict[str, Bench] = {
    "scrape": scrape,
}
