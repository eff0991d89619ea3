"""What is wrong with a page for who cannot see it, has no mouse, or runs no script."""

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

# Elements without an end.
EMPTY = {"input", "meta", "link", "br", "path", "rect"}


def faults(html: str) -> list[str]:
    page = read(html)
    return [
        *(f"runs a script: {tag}" for tag, _ in page.elements if tag == "script"),
        *(f"{tag} has {name}" for tag, told in page.elements for name in told if _inline(name)),
        *(f"asks another host: {address}" for address in page.addresses() if "//" in address),
        *(f"id twice: {name}" for name, times in page.ids().items() if times > 1),
        *(f"no label: {name}" for name in page.unlabelled()),
        *(f"points nowhere: {name}" for name in page.dangling()),
        *(["not one h1"] if sum(tag == "h1" for tag, _ in page.elements) != 1 else []),
        *(["no language"] if not page.first("html").get("lang") else []),
        *(["no width"] if "width=device-width" not in html else []),
        *(f"not closed: {tag}" for tag in page.open),
    ]


def read(html: str) -> "Page":
    page = Page()
    page.feed(html)
    page.close()
    return page


@dataclass
class Page(HTMLParser):
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1:] == [tag]:
            self.open.pop()

    def first(self, tag: str) -> dict[str, str]:
        return next((told for name, told in self.elements if name == tag), {})

    def ids(self) -> Counter[str]:
        return Counter(told["id"] for _, told in self.elements if "id" in told)

    def fields(self) -> dict[str, dict[str, str]]:
        """What can be filled in, by name."""
        wanted = ("input", "select")
        return {told.get("name", ""): told for tag, told in self.elements if tag in wanted}

    def unlabelled(self) -> list[str]:
        labels = {told.get("for") for tag, told in self.elements if tag == "label"}
        return [
            name
            for name, told in self.fields().items()
            if "hidden" not in told and told.get("id") not in labels
        ]

    def dangling(self) -> list[str]:
        """Names of elements that are pointed at and are not there."""
        pointed = (
            name
            for _, told in self.elements
            for kind in ("aria-describedby", "aria-labelledby", "for")
            for name in told.get(kind, "").split()
        )
        return [name for name in pointed if name not in self.ids()]

    def addresses(self) -> list[str]:
        """What the browser fetches without being asked."""
        return [
            told.get("href", told.get("src", ""))
            for tag, told in self.elements
            if tag in ("link", "img", "iframe", "source")
        ]


def _inline(name: str) -> bool:
    return name == "style" or name.startswith("on")
