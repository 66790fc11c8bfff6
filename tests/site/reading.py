"""A page as a browser's parser sees it: elements in order, and the text in them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "hr"}


@dataclass
class Element:
    """A tag with its attributes; `text` is all text inside."""

    tag: str
    attributes: dict
    inside: tuple
    text: str = ""
    children: list = field(default_factory=list)


class Document(HTMLParser):
    """All elements of a page; a tag that is never closed, or closed twice, is an error."""

    def __init__(self, page):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(page.decode())
        self.close()
        assert not self._open, [e.tag for e in self._open]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        element = Element(tag, dict(attrs), tuple(e.tag for e in self._open))
        self.elements.append(element)
        if self._open:
            self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open and self._open[-1].tag == tag, (tag, [e.tag for e in self._open])
        self._open.pop()

    def handle_data(self, data):
        for element in self._open:
            element.text += data

    def all(self, *tags):
        """The elements of some tags."""
        return [element for element in self.elements if element.tag in tags]

    def links(self):
        """Where a page leads and what it loads."""
        return [
            e.attributes[key]
            for e in self.elements
            for key in ("href", "src", "action")
            if key in e.attributes
        ]
