"""Components of a page: fields, tables, tags, lists. docs/howto/portal-pages.md shows them in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms, template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hwb.web import again
from hwb.web.lists import FilterBox, Listing, Paging
from hwb.web.status import WORDS
from hwb.web.words import say

register = template.Library()
_KINDS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.HiddenInput, "hidden"), (forms.CheckboxSelectMultiple, "checkboxes"), (forms.RadioSelect, "radios"),
    (forms.CheckboxInput, "checkbox"), (forms.Select, "select"), (forms.Textarea, "textarea"),
    (forms.PasswordInput, "password"), (forms.EmailInput, "email"), (forms.NumberInput, "number"),
)  # fmt: skip


@register.inclusion_tag("web/parts/field.html")
def field(bound: forms.BoundField, size: str = "s", width: str = "", rows: int = 5) -> dict[str, Any]:
    """`{% field form.username %}`: label, hint, errors and control. size: s, m, l of the label; width: 2 … 30."""
    widget = bound.field.widget
    kind = next((name for known, name in _KINDS if isinstance(widget, known)), "text")
    errors = bound.form.errors_of(bound.name)  # type: ignore[attr-defined]
    id_ = f"id_{bound.html_name}"
    hint = say(str(bound.field.help_text)) if bound.field.help_text else ""
    value = bound.value()
    return {
        "field": bound, "kind": kind, "id": id_, "errors": errors, "hint": hint, "size": size, "width": width,
        "rows": rows, "label": say(str(bound.field.label or bound.name)), "value": "" if value is None else value,
        "choices": _choices(bound) if hasattr(bound.field, "choices") else [],
        "described": " ".join([f"{id_}-hint"] * bool(hint) + [f"{id_}-error"] * bool(errors)),
        "autocomplete": widget.attrs.get("autocomplete", ""), "plain": "plain" in widget.attrs,
        "lang": widget.attrs.get("lang", ""),
    }  # fmt: skip


def _choices(bound: forms.BoundField) -> list[dict[str, Any]]:
    value = bound.value()
    chosen = {str(one) for one in value} if isinstance(value, list | tuple) else {str(value)}
    named = "verbatim" in bound.field.widget.attrs  # names of people, schools and classes are never translated
    choices: Any = bound.field.choices  # type: ignore[attr-defined]
    return [{"value": key, "text": text if named else say(text), "chosen": str(key) in chosen} for key, text in choices]


@register.simple_tag
def status(kind: str, state: str) -> SafeString:
    """`{% status "run" run.state %}`: the state's word in its colour, or as plain text (ux.md 3.2)."""
    word, colour = WORDS[kind][state]
    if not colour:
        return format_html("{}", say(word, domain="web"))
    named = "hwb-tag--plain" if colour == "none" else f"govuk-tag--{colour}"
    return format_html('<strong class="govuk-tag {}">{}</strong>', named, say(word, domain="web"))


@register.inclusion_tag("web/parts/table_head.html")
def table_head(
    columns: Mapping[str, str], listing: Listing | None = None, sortable: str = "", numeric: str = ""
) -> dict[str, Any]:
    """`{% table_head columns listing "name username" "count" %}`: headings; those named sort by their links.

    columns: key → sentence marked by N_. A cell repeats its own: data-label="{{ columns.username|said }}".
    """
    sorts = set(sortable.split()) if listing is not None else set()
    return {
        "columns": [_column(key, text, listing, key in sorts, key in numeric.split()) for key, text in columns.items()]
    }


def _column(key: str, text: str, listing: Listing | None, sorts: bool, numeric: bool) -> dict[str, Any]:
    direction = ""
    if listing is not None and sorts and listing.sort == key:
        direction = "descending" if listing.descending else "ascending"
    address = listing.sort_address(key) if listing is not None and sorts else ""
    return {"text": say(text), "address": address, "direction": direction, "numeric": numeric}


@register.inclusion_tag("web/parts/pagination.html")
def pagination(paging: Paging) -> dict[str, Any]:
    """`{% pagination paging %}`: nothing for a single page."""
    return {"paging": paging}


@register.inclusion_tag("web/parts/filters.html")
def filters(box: FilterBox) -> dict[str, Any]:
    """`{% filters box %}`: the form; `{% chosen box %}` lists what is on, for removing."""
    return {"box": box}


@register.inclusion_tag("web/parts/chosen.html")
def chosen(box: FilterBox) -> dict[str, Any]:
    """`{% chosen box %}` above the list."""
    return {"box": box}


@register.inclusion_tag("web/parts/summary.html", takes_context=True)
def summary(context: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """`{% summary rows %}`: rows have label and value, and may have address with action, and language."""
    return {"rows": rows, "language": context["language"]}


@register.inclusion_tag("web/parts/timeline.html")
def timeline(entries: Iterable[Any]) -> dict[str, Any]:
    """`{% timeline entries %}`: entries have title, at, by and text."""
    return {"entries": entries}


@register.inclusion_tag("web/parts/empty.html")
def empty(what: Any, why: Any = "", address: str = "", next: Any = "") -> dict[str, Any]:  # noqa: A002 - reads well in templates
    """`{% empty what why address next %}`: what would be here, why it is not, what to do (ux.md 3.5)."""
    return {"what": what, "why": why, "address": address, "next": next}


@register.simple_tag(takes_context=True)
def on_the_way(context: template.Context, route: str) -> str:
    """`{% on_the_way "badge" %}`: the address of another way to sign in, which leads on to where this page would."""
    return again.on_the_way(route, again.next_of(context["request"]))


@register.simple_tag
def name(text: str, language_of_name: str, language: str) -> SafeString:
    """`{% name school.name school.language language %}`: marks the language of a name that is not the page's."""
    if language_of_name == language:
        return format_html("{}", text)
    return format_html('<span lang="{}">{}</span>', language_of_name, text)
