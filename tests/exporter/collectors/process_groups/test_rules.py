"""Rules that name groups, as process-exporter reads them."""

import pytest

from hyperion_exporter.collectors.process_groups import rules
from hyperion_exporter.collectors.process_groups.traits import Traits
from hyperion_exporter.paths import Paths
from hyperion_exporter.process import Crowd
from lab.written import Written

NGINX = Written(
    7, "nginx", argv=("nginx: master process /usr/sbin/nginx",),
    cgroup="1:cpu:/\n0::/system.slice/nginx.service\n",
)  # fmt: skip
JAVA = Written(8, "java", argv=("/usr/bin/java", "-Xmx1g", "-jar", "/srv/shop-2.jar"), uid=4242)
KERNEL = Written(9, "kworker/0:1")


def named(text: str, written: Written, paths: Paths) -> str | None:
    written.write(paths.procfs)
    process = Crowd(paths.procfs).look()[str(written.number)]
    return rules.group(rules.read(text), Traits(process))


@pytest.mark.parametrize(
    ("rule", "written", "name"),
    [
        ("comm: [cron, nginx]", NGINX, "nginx"),
        ("comm: [ngin]", NGINX, None),
        ("exe: [nginx]", NGINX, "nginx"),
        ("exe: [java]", JAVA, "java"),
        ("exe: [/usr/bin/java]", JAVA, "java"),
        ("exe: [/opt/bin/java]", JAVA, None),
        ("exe: [kworker]", KERNEL, None),
        ("cmdline: ['-jar', 'Xmx']", JAVA, "java"),
        ("cmdline: ['-jar', 'Xms']", JAVA, None),
        ("cmdline: ['.+']", KERNEL, None),
        ("cmdline: ['.*']", KERNEL, "kworker/0:1"),
        ("unit: [nginx.service]", NGINX, "nginx"),
        ("unit: ['ngin*']", NGINX, "nginx"),
        ("unit: [nginx.service]", JAVA, None),
        ("cgroup: ['^/system[.]slice/']", NGINX, "nginx"),
        ("cgroup: ['^/user']", NGINX, None),
        ("comm: [java]\n  cmdline: [nothing]", JAVA, None),
    ],
)
def test_all_selectors_of_a_rule_must_fit(
    rule: str, written: Written, name: str | None, paths: Paths
) -> None:
    assert named(f"process_names:\n- {rule}", written, paths) == name


@pytest.mark.parametrize(
    ("template", "written", "name"),
    [
        ("{{.Comm}}", JAVA, "java"),
        ("{{.ExeFull}}", JAVA, "/usr/bin/java"),
        ("{{ .ExeBase }}", NGINX, "nginx"),
        ("{{.Username}}", JAVA, "4242"),
        ("{{.Username}}", NGINX, "root"),
        ("{{.PID}}", NGINX, "7"),
        ("{{.Unit}}", NGINX, "nginx.service"),
        ("{{.Cgroups}}", NGINX, "[/ /system.slice/nginx.service]"),
        ("java:{{.Matches.App}}:{{.Matches.Other}}", JAVA, "java:shop:"),
        ("plain", JAVA, "plain"),
        ("", JAVA, "java"),
    ],
)
def test_the_name_is_filled_in(template: str, written: Written, name: str, paths: Paths) -> None:
    cmdline = r"['.', '(?:/(?P<App>[[:alpha:]]+)-\d|nginx)']"
    text = f"process_names: [{{name: '{template}', cmdline: {cmdline}}}]"
    assert named(text, written, paths) == name


def test_the_first_rule_that_fits_names_it(paths: Paths) -> None:
    text = (
        "process_names: [{name: a, comm: [cron]}, {name: b, comm: [java]}, {name: c, comm: [java]}]"
    )
    assert named(text, JAVA, paths) == "b"


@pytest.mark.parametrize(
    ("ours", "text", "found"),
    [
        (r"(?<App>\w+)$", "shop", True),
        (r"^[[:digit:][:space:]]+\z", "1 2", True),
        (r"^\w+$", "é", False),
        (r"(?P<App>x)", "x", True),
    ],
)
def test_regular_expressions_are_gos(ours: str, text: str, found: bool) -> None:
    assert bool(rules.pattern(ours).search(text)) is found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "write a list of rules below process_names, and nothing beside it"),
        ("process_name: []", "write a list of rules below process_names, and nothing beside it"),
        ("process_names: {}", "write a list of rules below process_names, and nothing beside it"),
        ("process_names: [", "this is no YAML: while parsing"),
        ("process_names: [{name: x}]", "rule 1: no process is chosen; write one or more of comm"),
        ("process_names: [{comm: [x]}, {com: [x]}]", "rule 2: unknown key com; there are name"),
        ("process_names: [x]", "rule 1: write name and one or more of comm"),
        ("process_names: [{comm: x}]", "rule 1: comm: write a list of texts"),
        ("process_names: [{comm: [[x]]}]", "rule 1: comm: write a list of texts"),
        ("process_names: [{cmdline: ['(']}]", "rule 1: '(' is no regular expression: missing"),
        ("process_names: [{cmdline: ['[[:odd:]]']}]", "there is no class [:odd:]"),
        ("process_names: [{name: '{{.Cwd}}', comm: [x]}]", "rule 1: name: {{.Cwd}} is not known"),
        ("process_names: [{name: '{{Comm}}', comm: [x]}]", "rule 1: name: {{Comm}} is not known"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_by_name(text: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:
        rules.read(text)
    assert sentence in str(refused.value)
