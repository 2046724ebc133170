"""What a picture is drawn with: an SVG of boxes, words and arrows, readable on light and on dark pages."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

_NAMESPACE = "http://www.w3.org/2000/svg"
# Of a character, in parts of the font's size. Generous, so that words fit in any sans-serif font.
_PLAIN, _BOLD = 0.58, 0.66
_RULES = """
text {{ font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px; fill: {ink}; }}
.title {{ font-size: 18px; font-weight: 600; }}
.name {{ font-size: 14px; font-weight: 600; }}
.small {{ font-size: 11px; }}
.muted {{ font-size: 11px; fill: {muted}; }}
.wrong {{ font-size: 11px; font-weight: 600; fill: {wrong}; }}
.paper {{ fill: {paper}; }}
.outer {{ fill: {outer}; stroke: {line}; }}
.inner {{ fill: {inner}; stroke: {line}; }}
.chip {{ fill: {chip}; stroke: none; }}
.store {{ fill: {inner}; stroke: {line}; stroke-dasharray: 4 3; }}
.solid {{ fill: {ink}; stroke: none; }}
.open {{ fill: none; stroke: {ink}; stroke-width: 1.6; }}
.make, .pull, .keep {{ fill: none; stroke-width: 1.8; }}
.make {{ stroke: {make}; }}
.pull {{ stroke: {pull}; stroke-dasharray: 6 4; }}
.keep {{ stroke: {keep}; stroke-dasharray: 2 3; }}
.make-head {{ fill: {make}; }}
.pull-head {{ fill: {pull}; }}
.keep-head {{ fill: {keep}; }}
.make-words {{ font-size: 11px; fill: {make}; }}
.pull-words {{ font-size: 11px; fill: {pull}; }}
.keep-words {{ font-size: 11px; fill: {keep}; }}
"""
_LIGHT = {
    "ink": "#1f2328", "muted": "#59636e", "wrong": "#b3261e", "paper": "#ffffff", "outer": "#f6f8fa",
    "inner": "#ffffff", "chip": "#e6edf5", "line": "#a3adb8", "make": "#0b5cad", "pull": "#7a3e9d", "keep": "#8a5300",
}  # fmt: skip
_DARK = {
    "ink": "#e6edf3", "muted": "#9aa6b2", "wrong": "#ff8a80", "paper": "#0d1117", "outer": "#161b22",
    "inner": "#0d1117", "chip": "#26313d", "line": "#566270", "make": "#6cb0ff", "pull": "#d2a0ee", "keep": "#e0ab5e",
}  # fmt: skip
Point = tuple[float, float]


class Picture:
    """An SVG that grows downwards; lengths are pixels."""

    def __init__(self, width: float, title: str, description: str) -> None:
        self.width = width
        self._root = ET.Element("svg", {"xmlns": _NAMESPACE, "role": "img", "aria-labelledby": "title description"})
        ET.SubElement(self._root, "title", {"id": "title"}).text = title
        ET.SubElement(self._root, "desc", {"id": "description"}).text = description
        dark = f"@media (prefers-color-scheme: dark) {{{_RULES.format(**_DARK)}}}\n"
        ET.SubElement(self._root, "style").text = _RULES.format(**_LIGHT) + dark
        self._paper = ET.SubElement(self._root, "rect", {"class": "paper"})

    def box(self, x: float, y: float, width: float, height: float, style: str, radius: float = 6) -> None:
        """A rectangle with round corners."""
        numbers = {"x": x, "y": y, "width": width, "height": height, "rx": radius}
        ET.SubElement(self._root, "rect", {"class": style} | {key: _number(each) for key, each in numbers.items()})

    def words(self, x: float, y: float, text: str, style: str = "", width: float = 1e9, anchor: str = "start") -> None:
        """One line of text, cut where it is wider than `width`; the whole of it is shown under the pointer."""
        item = ET.SubElement(self._root, "text", {"x": _number(x), "y": _number(y)})
        item.attrib |= ({"class": style} if style else {}) | ({"text-anchor": anchor} if anchor != "start" else {})
        shown = fitting(text, width, style)
        if shown == text:
            item.text = text
        else:
            whole = ET.SubElement(item, "title")
            whole.text, whole.tail = text, shown

    def arrow(self, points: Sequence[Point], style: str) -> None:
        """A line through points, with its head at the last one."""
        self.line(points, style)
        (x0, y0), (x, y) = points[-2:]
        length = max(abs(x - x0), abs(y - y0))
        dx, dy = (x - x0) / length, (y - y0) / length
        corners = [(x, y), (x - 8 * dx - 4 * dy, y - 8 * dy + 4 * dx), (x - 8 * dx + 4 * dy, y - 8 * dy - 4 * dx)]
        ET.SubElement(self._root, "polygon", {"class": f"{style}-head", "points": _points(corners)})

    def line(self, points: Sequence[Point], style: str) -> None:
        """A line through points."""
        ET.SubElement(self._root, "polyline", {"class": style, "points": _points(points)})

    def path(self, data: str, style: str, title: str = "") -> None:
        """A shape; `title` says what it means."""
        item = ET.SubElement(self._root, "path", {"class": style, "d": data})
        if title:
            ET.SubElement(item, "title").text = title

    def lock(self, x: float, y: float, title: str) -> None:
        """A padlock, 12 wide and 14 high."""
        self.path(f"M{_number(x + 2.5)} {_number(y + 6)}v-2a3.5 3.5 0 0 1 7 0v2", "open", title)
        self.path(f"M{_number(x)} {_number(y + 6)}h12v8h-12z", "solid", title)

    def drum(self, x: float, y: float, width: float, height: float) -> None:
        """A database."""
        half = _number(width / 2)
        body = f"M{_number(x)} {_number(y + 4)}v{_number(height - 8)}a{half} 4 0 0 0 {_number(width)} 0"
        lid = f"a{half} 4 0 0 0 -{_number(width)} 0a{half} 4 0 0 0 {_number(width)} 0"
        self.path(f"{body}v-{_number(height - 8)}{lid}", "open")

    def text(self, height: float) -> str:
        """The file."""
        width, high = _number(self.width), _number(height)
        self._root.attrib |= {"viewBox": f"0 0 {width} {high}", "width": width, "height": high}
        self._paper.attrib |= {"width": width, "height": high}
        ET.indent(self._root, " ")
        return ET.tostring(self._root, encoding="unicode") + "\n"


def fitting(text: str, width: float, style: str) -> str:
    """As much of a text as fits."""
    most = max(1, int(width / _character(style)))
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def wide(text: str, style: str) -> float:
    """The width of a text, at most."""
    return len(text) * _character(style)


def _character(style: str) -> float:
    return {"title": 18 * _BOLD, "name": 14 * _BOLD, "wrong": 11 * _BOLD, "": 12 * _PLAIN}.get(style, 11 * _PLAIN)


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
