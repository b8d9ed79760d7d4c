"""`{% say "Sentence with {gap}" gap=value %}` and `{% count "{count} learner" "{count} learners" number %}`.

Both take `as name` at their end. The catalogue is that of the template's folder; values are escaped; dates and
numbers in gaps are written as the language writes them. The filters write one value alone.
"""

from __future__ import annotations

import ast
from datetime import date, datetime
from typing import Any

from django import template
from django.template.base import FilterExpression, Node, Parser, Token, token_kwargs
from django.template.context import Context

from hwb import clock
from hwb.web import words

register = template.Library()


class SayNode(Node):
    """A sentence; `number` chooses the plural form."""

    def __init__(
        self,
        text: tuple[str, str | None],
        domain: str,
        gaps: dict[str, FilterExpression],
        number: FilterExpression | None,
        name: str,
    ) -> None:
        self._text, self._domain, self._gaps, self._number, self._name = text, domain, gaps, number, name

    def render(self, context: Context) -> str:
        values: dict[str, Any] = {name: gap.resolve(context) for name, gap in self._gaps.items()}
        if self._number is not None:
            values["count"] = int(self._number.resolve(context))
        said = words.html(words.Text(self._text[0], {}, self._text[1]), domain=self._domain, **values)
        if self._name:
            context[self._name] = said
            return ""
        return said


@register.tag
def say(parser: Parser, token: Token) -> SayNode:
    """`{% say "Sentence" gap=value as name %}`"""
    tag, *bits = token.split_contents()
    bits, name = _named(bits)
    if not bits:
        raise template.TemplateSyntaxError(f"{tag} needs a sentence in quotes")
    gaps = _gaps(bits[1:], parser, tag)
    return SayNode((_literal(bits[0], tag), None), _domain(parser), gaps, None, name)


@register.tag(name="count")
def count_sentence(parser: Parser, token: Token) -> SayNode:
    """`{% count "{count} learner" "{count} learners" number gap=value as name %}`"""
    tag, *bits = token.split_contents()
    bits, name = _named(bits)
    if len(bits) < 3:
        raise template.TemplateSyntaxError(f"{tag} needs two sentences in quotes and a number")
    text = (_literal(bits[0], tag), _literal(bits[1], tag))
    return SayNode(text, _domain(parser), _gaps(bits[3:], parser, tag), parser.compile_filter(bits[2]), name)


@register.filter
def day(value: date | None) -> str:
    """1 September 2018"""
    return "" if value is None else words.day(value)


@register.filter
def short_day(value: date | None) -> str:
    """1 Sep"""
    return "" if value is None else words.short_day(value)


@register.filter
def rehearsed(value: datetime | None) -> datetime | None:
    """A real moment (a client's contact) on the calendar of the page, which may be rehearsed."""
    return None if value is None else clock.rehearsed(value)


@register.filter
def moment(value: datetime | None) -> str:
    """1 September 2018, 02:14"""
    return "" if value is None else words.moment(value)


@register.filter
def clock_time(value: datetime | None) -> str:
    """02:14"""
    return "" if value is None else words.time_of_day(value)


@register.filter
def number(value: int | None) -> str:
    """1,460"""
    return "" if value is None else words.number(value)


@register.filter
def said(value: words.Text | str | None) -> str:
    """A `Text` or a sentence marked by N_ in Python, in the page's language; nothing for None."""
    return "" if value is None else words.html(words.Text(value) if isinstance(value, str) else value)


def _named(bits: list[str]) -> tuple[list[str], str]:
    return (bits[:-2], bits[-1]) if len(bits) >= 2 and bits[-2] == "as" else (bits, "")


def _literal(bit: str, tag: str) -> str:
    if bit[:1] not in "\"'":
        raise template.TemplateSyntaxError(f"{tag} needs a literal sentence, so that it can be found: {bit}")
    return str(ast.literal_eval(bit))


def _gaps(bits: list[str], parser: Parser, tag: str) -> dict[str, FilterExpression]:
    gaps = token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError(f"{tag}: not understood: {' '.join(bits)}")
    return gaps


def _domain(parser: Parser) -> str:
    name: str = getattr(parser.origin, "template_name", "") or ""
    return name.split("/", 1)[0] if name.startswith(("portal/", "signin/", "web/")) else "web"
