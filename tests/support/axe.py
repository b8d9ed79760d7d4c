"""What axe says of a page in the browser."""

from __future__ import annotations

from importlib import resources

from playwright.sync_api import Page


def violations(page: Page) -> list[str]:
    """WCAG 2.2 A and AA and axe's best practices."""
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for found in result["violations"]
        for node in found["nodes"]
    ]
