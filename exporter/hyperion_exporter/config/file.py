"""The configuration file, in YAML: what it says of which settings, and in which line."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, Union

import yaml

from hyperion_exporter.config.settings import ConfigError, Said, Setting, nearest

# Keys, each with its setting or with the keys below it.
Tree = dict[str, Union[Setting, "Tree"]]

NULL = "tag:yaml.org,2002:null"
WANTED = {
    str: "text (in quotes if need be)",
    Path: "a path (in quotes if need be)",
    bool: "true or false",
    int: "a whole number from 0 on",
    tuple: "a list of texts, such as ['one', 'other']",
}


def read(path: Path, settings: Sequence[Setting]) -> dict[str, Said]:
    try:
        return dict(_Reader(path, path.read_text(encoding="utf-8")).read(_tree(settings)))
    except OSError as fault:
        raise ConfigError(f"{path}: cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is no text in UTF-8") from None
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise ConfigError(f"{path} line {line}: this is no YAML: {fault.problem}") from None
    except (yaml.YAMLError, RecursionError):
        raise ConfigError(f"{path}: is no YAML") from None


def _tree(settings: Sequence[Setting]) -> Tree:
    tree: Tree = {}
    for setting in settings:
        branch: Any = tree
        *above, last = setting.key.split(".")
        for name in above:
            branch = branch.setdefault(name, {})
        branch[last] = setting
    return tree


class _Reader:
    """Goes through the nodes and not the values, as only those know their lines."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._loader = yaml.SafeLoader(text)

    def read(self, tree: Tree) -> Iterator[tuple[str, Said]]:
        root = self._loader.get_single_node()
        if root is not None:
            yield from self._section(root, tree, "")

    def _section(self, node: yaml.Node, tree: Tree, above: str) -> Iterator[tuple[str, Said]]:
        if node.tag == NULL:
            return
        if not isinstance(node, yaml.MappingNode):
            self._refuse(node, f"{above or 'the file'}: write keys with values")
        seen: set[str] = set()
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self._refuse(name, f"{above or 'the file'}: write words as keys")
            key = f"{above}.{name.value}".lstrip(".")
            found = tree.get(name.value)
            if found is None:
                known = [f"{above}.{right}".lstrip(".") for right in tree]
                hint = nearest(key, known, "--config.example prints every key")
                self._refuse(name, f"unknown key {key}; {hint}")
            if key in seen:
                self._refuse(name, f"{key} stands here twice")
            seen.add(key)
            if not isinstance(found, Setting):
                yield from self._section(value, found, key)
            elif value.tag != NULL:
                yield key, self._said(found, value)

    def _said(self, setting: Setting, node: yaml.Node) -> Said:
        place = f"{self._path} line {node.start_mark.line + 1}: {setting.key}"
        try:
            value = self._loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError):  # a tag, or a day that the calendar has not
            value = None
        if setting.kind is tuple and isinstance(value, list):
            value = tuple(value) if all(isinstance(item, str) for item in value) else None
        if setting.kind is Path and isinstance(value, str):
            # As Prometheus has it: from where the file is, not from where we were started.
            value = self._path.parent / value if value else setting.default
            return setting.said(place, value)
        # Exactly this type: true counts as a number otherwise.
        if type(value) is not setting.kind:
            raise ConfigError(f"{place}: write {WANTED[setting.kind]}")
        return setting.said(place, value)

    def _refuse(self, node: yaml.Node, sentence: str) -> NoReturn:
        raise ConfigError(f"{self._path} line {node.start_mark.line + 1}: {sentence}")
