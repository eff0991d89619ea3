"""vmauth before VictoriaMetrics, both Debian's: nobody sees a neighbour, whatever they ask."""

import http.client
import json
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import yaml

from hyperion_control.domain.vmauth import Tenant, rendered
from lab import history
from lab.history import Machine
from lab.servers import Server
from lab.victoria import victoriametrics, vmauth
from lab.wait import wait_for

pytestmark = pytest.mark.live

MACHINES = (
    Machine({"org": "acme", "machine": "alder"}, "up 1\n"),
    Machine({"org": "acme", "machine": "birch"}, "up 0\n"),
    Machine({"org": "globex", "machine": "vault"}, "up 0\nvault_doors 7\n"),
    Machine({"job": "prometheus"}, "prometheus_ready 1\n"),
)
# What only globex has.
THEIRS = ("globex", "vault")
OPERATORS, ACME, DOTS, GLOBEX = "of-operators", "of-acme", "of-dots", "of-globex"
TENANTS = (Tenant("org_1", "acme", ACME), Tenant("org_2", ".*", DOTS))
LATE = Tenant("org_3", "globex", GLOBEX)
SECONDS = 30.0


@dataclass(frozen=True)
class Site:
    store: Server
    door: Server
    users: Path
    at: int  # when all was seen last


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("scale")
    users, at = folder / "vmauth.yml", int(time.time()) - history.LATE
    with victoriametrics(folder) as store:
        history.into_victoriametrics(MACHINES, at, store)
        admit(users, store, TENANTS)
        with vmauth(users, folder) as door:
            yield Site(store, door, users, at)


def admit(users: Path, store: Server, tenants: Sequence[Tenant]) -> None:
    fresh = users.with_suffix(".new")
    fresh.write_text(yaml.safe_dump(rendered(store.url, OPERATORS, tenants)))
    fresh.replace(users)


def said(server: Server, path: str, token: str = "", body: str | None = None) -> tuple[int, str]:
    """The path goes out as it is written here."""
    wire = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        wire.request("GET" if body is None else "POST", path, body, headers)
        answer = wire.getresponse()
        return answer.status, answer.read().decode()
    finally:
        wire.close()


def series(site: Site, token: str, **more: str) -> set[str]:
    """The machines, and what is no machine's, that a question for everything shows."""
    asked = urllib.parse.urlencode({"query": '{__name__!=""}', "time": site.at, **more})
    status, text = said(site.door, "/api/v1/query", token, asked)
    assert status == 200, text
    found = json.loads(text)["data"]["result"]
    return {each["metric"].get("machine", "none") for each in found}


def test_each_sees_its_own_machines_and_operators_see_all(site: Site) -> None:
    assert series(site, ACME) == {"alder", "birch"}
    assert series(site, OPERATORS) == {"alder", "birch", "vault", "none"}


def test_a_name_is_no_pattern(site: Site) -> None:
    assert series(site, DOTS) == set()


EVERYTHING = quote('{__name__!=""}')
OF_GLOBEX = quote('{org="globex"}')
QUESTIONS = (
    f"/api/v1/query?query={EVERYTHING}&trace=1",
    f"/api/v1/query?query={OF_GLOBEX}",
    "/api/v1/query?query=vault_doors%20or%20up",
    "/api/v1/query?query=count%20by%20(org,machine)%20(up)",
    f"/api/v1/query?query=count_values(%22machine%22,%20label_replace({EVERYTHING},%22x%22,%22$1%22,%22machine%22,%22(.*)%22))",
    f"/api/v1/query?query=up&extra_label={quote('org=globex')}",
    f"/api/v1/query?query=up&extra_label={quote('org=')}&extra_label=",
    f"/api/v1/query?query=up&extra_filters[]={OF_GLOBEX}",
    f"/api/v1/query?query=up&extra_filters={OF_GLOBEX}&extra_filters[]={EVERYTHING}",
    f"/api/v1/query_range?query={EVERYTHING}&start=-20m&step=60&nocache=1",
    f"/api/v1/query_range?query=up&start=-20m&step=60&extra_filters[]={OF_GLOBEX}",
    f"/api/v1/series?match[]={EVERYTHING}",
    f"/api/v1/series?match[]={OF_GLOBEX}&extra_filters[]={OF_GLOBEX}",
    "/api/v1/labels",
    f"/api/v1/labels?match[]={OF_GLOBEX}",
    "/api/v1/label/org/values",
    "/api/v1/label/machine/values",
    "/api/v1/label/__name__/values",
    f"/api/v1/label/machine/values?match[]={OF_GLOBEX}&extra_label={quote('org=globex')}",
    "/api/v1/label/x%2f..%2fmachine/values",
    "//api//v1//label/machine/values",
    "/api/v1/status/../label/machine/values",
    "/api/v1/status/buildinfo",
)


@pytest.mark.parametrize("path", QUESTIONS)
def test_no_question_shows_anything_of_a_neighbour(site: Site, path: str) -> None:
    asked = f"{path}{'&' if '?' in path else '?'}time={site.at}"
    status, text = said(site.door, asked, ACME)
    assert status == 200, text
    assert [word for word in THEIRS if word in text] == []


@pytest.mark.parametrize("path", QUESTIONS)
def test_nor_does_it_as_a_form(site: Site, path: str) -> None:
    bare, _, form = path.partition("?")
    status, text = said(site.door, bare, ACME, f"{form}&time={site.at}")
    assert status == 200, text
    assert [word for word in THEIRS if word in text] == []


CLOSED = (
    *("/", "/metrics", "/health", "/flags", "/config", "/targets", "/api/v1/targets"),
    *("/vmui/", "/prometheus/vmui/", "/graph", "/expand-with-exprs", "/service-discovery"),
    *("/-/reload", "/debug/pprof/heap", "/internal/force_merge", "/internal/force_flush"),
    *("/internal/resetRollupResultCache", "/api/v1/metadata", "/api/v1/rules", "/api/v1/alerts"),
    *("/api/v1/status/tsdb", "/api/v1/status/top_queries", "/api/v1/status/active_queries"),
    *("/api/v1/status/metric_names_stats", "/api/v1/query_exemplars", "/api/v1/format_query"),
    f"/federate?match[]={EVERYTHING}",
    f"/prometheus/federate?match[]={EVERYTHING}",
    *(f"/api/v1/export{kind}?match[]={EVERYTHING}" for kind in ("", "/csv", "/native")),
    *(f"/api/v1/import{kind}" for kind in ("", "/csv", "/native", "/prometheus", "/prometheus/x")),
    *("/api/v1/write", "/api/v1/push", "/write", "/api/v2/write", "/influx/write", "/query"),
    *("/opentelemetry/v1/metrics", "/newrelic/infra/v2/metrics/events/bulk", "/api/put"),
    *("/datadog/api/v2/series", "/zabbixconnector/api/v1/history"),
    f"/api/v1/admin/tsdb/delete_series?match[]={EVERYTHING}",
    f"/prometheus/api/v1/admin/tsdb/delete_series?match[]={EVERYTHING}",
    *("/snapshot/create", "/snapshot/list", "/snapshot/delete_all"),
    *("/api/v1/admin/tsdb/snapshot", "/api/v1/admin/status/metric_names_stats/reset"),
    *("/render?target=vault_doors", "/graphite/render?target=*", "/metrics/find?query=*"),
    *("/metrics/index.json", "/graphite/tags", "/tags/delSeries?path=vault_doors"),
    # Roundabout ways to the same.
    f"/api/v1/query/../federate?match[]={EVERYTHING}",
    f"/api/v1/query/%2e%2e/export?match[]={EVERYTHING}",
    f"/api/v1/label/x/values/../../../export?match[]={EVERYTHING}",
    "/api/v1/label/x%2f..%2f..%2fstatus%2ftsdb",
    "/api/v1/label/..%2f..%2f..%2fsnapshot%2flist%3f/values/../..",
    "/api/v1/query\\..\\metadata",
    "/api/v1/query%00/../metadata",
    "/API/V1/QUERY?query=up",
    "/api/v1/query/",
    "/api/v1/query;/../metadata",
    "/api/v1/labels%2f..%2fmetadata",
    "/select/0/prometheus/api/v1/query?query=up",
    "/prometheus/api/v1/query?query=up",
)


@pytest.mark.parametrize("path", CLOSED)
def test_no_other_door_is_open(site: Site, path: str) -> None:
    for body in (None, 'planted{org="globex"} 1'):
        status, text = said(site.door, path, ACME, body)
        assert (status, text.startswith("user org_1 missing route for")) == (400, True), text


def test_nothing_was_changed_by_who_knocked(site: Site) -> None:
    _, text = said(site.store, f"/api/v1/series?match[]={EVERYTHING}&start=0")
    names = {each["__name__"] for each in json.loads(text)["data"]}
    assert "vault_doors" in names and "planted" not in names


@pytest.mark.parametrize("path", [path for path in CLOSED if "admin" in path or "import" in path])
def test_operators_change_nothing_either(site: Site, path: str) -> None:
    assert said(site.door, path, OPERATORS)[0] == 400


@pytest.mark.parametrize("token", ["", "of-nobody", "of-acm", "OF-ACME"])
def test_who_has_no_token_is_nobody(site: Site, token: str) -> None:
    status, text = said(site.door, "/api/v1/labels", token)
    assert status == 401 and "acme" not in text


def test_who_comes_later_is_let_in_and_a_broken_file_shuts_nobody_out(site: Site) -> None:
    site.users.write_text("users: [{")
    wait_for(lambda: "using the last" in site.door.log.read_text(), SECONDS, "vmauth to refuse it")
    assert series(site, ACME) == {"alder", "birch"}
    admit(site.users, site.store, (*TENANTS, LATE))
    wait_for(lambda: series(site, GLOBEX) == {"vault"}, SECONDS, "the newcomer to be let in")
    admit(site.users, site.store, TENANTS)
    gone = "who has gone to be shut out"
    wait_for(lambda: said(site.door, "/api/v1/labels", GLOBEX)[0] == 401, SECONDS, gone)
