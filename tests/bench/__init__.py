"""Ours beside its peers, in turn, in one run. Ratios travel; seconds belong to one machine."""

from bench.agents import agents
from bench.api import api
from bench.audit import audit
from bench.bands import bands
from bench.crowd import crowd
from bench.dashboards import dashboards
from bench.discovery import discovery
from bench.events import events
from bench.fan_out import fan_out
from bench.flood import flood
from bench.login_storm import login_storm
from bench.processes import processes
from bench.scrape import scrape
from bench.ssh import ssh
from bench.start import start
from bench.table import Bench

BENCHES: dict[str, Bench] = {
    "scrape": scrape,
    "crowd": crowd,
    "processes": processes,
    "start": start,
    "audit": audit,
    "events": events,
    "flood": flood,
    "api": api,
    "login_storm": login_storm,
    "agents": agents,
    "discovery": discovery,
    "ssh": ssh,
    "fan_out": fan_out,
    "dashboards": dashboards,
    "bands": bands,
}
