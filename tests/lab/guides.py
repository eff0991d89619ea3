"""Pages for people, taken apart: links, places to link to, and what is to be typed."""

import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from lab.house import ROOT

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
# What ends a command, or begins the next one; a line's end is made one of them.
BETWEEN = set(";|&()<>\n")


def blocks(text: str, language: str = "sh") -> list[str]:
    """What is to be typed, also where it stands below a point of a list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def spans(text: str) -> list[str]:
    """What names something of ours between backticks, in a sentence or table."""
    return re.findall(r"`([^`\n]*hyperion[^`\n]*)`", unfenced(text))


def broken(page: Path) -> list[str]:
    """Links to a file that is not there, or to a place that it does not have."""
    found = []
    sentences = re.sub(r"`[^`\n]*`", "", unfenced(page.read_text()))
    for link in re.findall(r"\]\(([^)\s]+)\)", sentences):
        name, _, place = link.partition("#")
        to = page.parent / name if name else page
        if "://" in link:
            continue
        if not to.exists() or (place and place not in places(to.read_text())):
            found.append(link)
    return found


def places(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them; of two alike the second has a number."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", unfenced(text), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        number = sum(1 for each in found if re.fullmatch(rf"{words}(-\d+)?", each))
        found.add(f"{words}-{number}" if number else words)
    return found


def unfenced(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def calls(block: str, programs: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Each call of one of the programs in a block, also where another program makes it, with its
    words; those that stand for others are left out."""
    words = list(_words(block))
    for index, word in enumerate(words):
        if " " in word:
            yield from calls(word, programs)
        elif word.rpartition("/")[2] in programs:
            rest = words[index + 1 :]
            end = next((at for at, each in enumerate(rest) if each[0] in BETWEEN), len(rest))
            yield word.rpartition("/")[2], [each for each in rest[:end] if each[0] != "$"]


def _words(block: str) -> Iterator[str]:
    whole = re.sub(r"(^|\s)#.*$", r"\1", block.replace("\\\n", " "), flags=re.MULTILINE)
    lexer = shlex.shlex(whole, posix=True, punctuation_chars="".join(sorted(BETWEEN)))
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t", "", True
    return (word for word in lexer if word)
