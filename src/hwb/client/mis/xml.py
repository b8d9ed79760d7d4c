"""XML of an MIS, read without trust: no document type, no entity, no network, no deep or wide element (input 39)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from hwb.client.mis.reading import ReadError, content_of, too_many
from hwb.extract.texts import N_, Text

DEEPEST = 50
MOST_ATTRIBUTES = 100
#: Counted before anything is parsed. A school of 2,000 learners with a record for each of twelve classes has 720,000.
MOST_TAGS = 800_000


def elements(source: Path, *, root: str, wanted: frozenset[str]) -> Iterator[etree._Element]:
    """Each whole element whose local name is `wanted`, in order; it is emptied once the next is asked for.

    Raises ReadError when the root has another name than `root`, or for XML that is damaged or unsafe.
    """
    content = content_of(source)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise _with_document_type()
    if content.count(b"<") > MOST_TAGS:
        raise too_many()
    depth = 0
    try:
        for event, element in etree.iterparse(
            io.BytesIO(content), events=("start", "end"), resolve_entities=False, no_network=True, huge_tree=False,
            load_dtd=False, remove_comments=True, remove_pis=True,
        ):  # fmt: skip
            if event == "start":
                depth += 1
                _judge(element, depth, root)
                continue
            depth -= 1
            if local_name(element) in wanted:
                yield element
                element.clear()
                # lxml keeps emptied siblings: a national file would otherwise stay in memory
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise ReadError("not_xml", Text(N_("The XML is damaged or incomplete."))) from None


def _judge(element: etree._Element, depth: int, root: str) -> None:
    if depth > DEEPEST or len(element.attrib) > MOST_ATTRIBUTES:
        raise ReadError("too_deep", Text(N_("The XML is nested too deeply.")))
    if depth > 1:
        return
    if element.getroottree().docinfo.internalDTD is not None:  # in an encoding whose bytes were not searched
        raise _with_document_type()
    name = local_name(element)
    if name == "CommandReporterError":
        raise ReadError("mis_error", Text(N_("SIMS answered with an error.")))
    if name != root:
        raise ReadError("not_xml", Text(N_("The XML is damaged or incomplete.")))


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text_of(element: etree._Element) -> str:
    return (element.text or "").strip()


def _with_document_type() -> ReadError:
    return ReadError("doctype", Text(N_("The XML has a document type, which is never read.")))
