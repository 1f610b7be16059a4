"""What no run can show, by rules over the source: a secret that is compared by ``==`` answers faster the less fits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERIFIES = ("webhooks/verify.py", "plugin/meta/signed_request.py", "webhooks/meta.py", "plugin/health.py")
"""Where something that only its maker can know is compared."""
SECRET_WORDS = ("signature", "_signature", "digest", "given", "mark", "_mark", "token", "metrics_token")
FAIR = "compare_digest"


def unfair(source: str) -> Iterator[str]:
    """Where a source compares something secret in a way whose time tells how much of it fits."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq | ast.In) for op in node.ops):
            names = {_name(part) for part in (node.left, *node.comparators)}
            if names & set(SECRET_WORDS):
                yield f"line {node.lineno}"


def _name(node: ast.expr) -> str:
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Attribute):
        return node.attr if node.attr not in {"encode", "hexdigest"} else _name(node.value)
    return node.id if isinstance(node, ast.Name) else ""


def findings() -> list[str]:
    """Everything that the rule finds in the app."""
    return [f"{file}, {place}" for file in VERIFIES for place in unfair((ROOT / file).read_text())]


def caught() -> dict[str, bool]:
    """Put the defects into the sources, on paper, and see whether the rule finds them; and nothing without them."""
    verify = (ROOT / VERIFIES[0]).read_text()
    fair = "hmac.compare_digest(_signature(raw, secret), given)"
    loose = verify.replace(fair, "_signature(raw, secret) == given")
    return {"hmac_by_equals": fair in verify and any(unfair(loose)) and not findings()}
