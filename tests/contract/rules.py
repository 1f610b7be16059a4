"""Rules of our own for what no file of the app may do, read from its syntax: what linters miss."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.contract.published import ROOT

APP: Final = ("app.py", "plugin", "webhooks")
SECRET: Final = re.compile(
    r"(?:^|_)(?:hmac|mac|digest|signature|mark|secret|state_hash|ticket_hash|browser_hash)(?:$|_)"
)
PERSONAL: Final = re.compile(
    r"(?:^|_)(?:payload|raw|body|token|secret|password|email|phone|buyer|receipt|ticket|cookie|code_given|user_data)$"
)
CALLS_OUT: Final = {"get", "post", "put", "delete", "head", "patch", "request"}
CLIENTS: Final = {"requests", "http", "session", "httpx", "urllib3"}
NEEDS_TIMEOUT: Final = {"urlopen", "SMTP", "SMTP_SSL", "HTTPConnection", "HTTPSConnection", "create_connection"}
DANGEROUS: Final = {
    "eval", "exec", "compile", "__import__", "pickle.loads", "pickle.load", "marshal.loads", "shelve.open", "yaml.load",
    "os.system", "os.popen", "tempfile.mktemp", "hashlib.md5", "hashlib.sha1", "random.random", "random.choice",
    "random.randint", "random.getrandbits", "uuid.uuid1", "render_template_string", "Markup", "mark_safe",
    "ssl._create_unverified_context",
}  # fmt: skip
LEADS_ON: Final = {"url_for", "_bounce_to", "dialog"}
"""What may make the address of a redirect: our own paths, and Facebook's dialog as the settings name it."""
LOGS: Final = {"debug", "info", "warning", "error", "exception", "critical", "log"}
Rule = Callable[[ast.AST], bool]


def name_of(node: ast.AST) -> str:
    """Return a dotted name as it is written, an empty text for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{name_of(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def _last(node: ast.AST) -> str:
    return name_of(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2]


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((one.value for one in call.keywords if one.arg == name), None)


def _is_false(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def unverified(node: ast.AST) -> bool:
    """TLS or a signature that is not looked at."""
    if isinstance(node, ast.keyword):
        return node.arg in {"verify", "check_hostname", "verify_ssl"} and _is_false(node.value)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return any(isinstance(k, ast.Constant) and k.value == "verify_signature" and _is_false(v) for k, v in pairs)
    return isinstance(node, ast.Attribute) and node.attr == "CERT_NONE"


def _is_call_out(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in CALLS_OUT and name_of(node.func.value).rpartition(".")[2] in CLIENTS


def endless(node: ast.AST) -> bool:
    """A call to the outside that may wait for ever."""
    if not isinstance(node, ast.Call) or _keyword(node, "timeout") is not None:
        return False
    return _is_call_out(node) or _last(node) in NEEDS_TIMEOUT


def follows(node: ast.AST) -> bool:
    """A call to the outside that goes where the answer points."""
    return isinstance(node, ast.Call) and _is_call_out(node) and not _is_false(_keyword(node, "allow_redirects"))


def glued_sql(node: ast.AST) -> bool:
    """A statement that is not the same each time; constants of the file, in capitals, may be put together."""
    if not isinstance(node, ast.Call) or _last(node) not in {"execute", "executemany", "copy"} or not node.args:
        return False
    text = node.args[0]
    if isinstance(text, ast.JoinedStr):
        parts = [part.value for part in text.values if isinstance(part, ast.FormattedValue)]
        return not all(isinstance(part, ast.Name) and part.id.isupper() for part in parts)
    return isinstance(text, ast.BinOp) or (isinstance(text, ast.Call) and _last(text) == "format" and not _quoted(text))


def _quoted(call: ast.Call) -> bool:
    """Psycopg's own `SQL(...).format(...)` quotes whatever is put in."""
    return isinstance(call.func, ast.Attribute) and _last(call.func.value) == "SQL"


def compared(node: ast.AST) -> bool:
    """A secret that is compared in a time that tells how much of it fits."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        return False
    sides = [node.left, *node.comparators]
    constant = any(isinstance(side, ast.Constant) for side in sides)
    return not constant and any(SECRET.search(_last(side).lower()) for side in sides)


def logged(node: ast.AST) -> bool:
    """A value of a customer, or a secret, in a line of the log."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in LOGS:
        return False
    if name_of(node.func.value).rpartition(".")[2] not in {"log", "logger", "logging"}:
        return False
    spoken = [*node.args, *(one.value for one in node.keywords if one.arg != "exc_info")]
    names = [part for one in spoken for part in ast.walk(one) if isinstance(part, ast.Name | ast.Attribute)]
    return any(PERSONAL.search(_last(part).lower()) for part in names)


def dangerous(node: ast.AST) -> bool:
    """What runs data, trusts it, or makes a weak secret."""
    if not isinstance(node, ast.Call):
        return False
    shell = _keyword(node, "shell")
    name = name_of(node.func)
    return name in DANGEROUS or name == "print" or (shell is not None and not _is_false(shell))


def open_redirect(node: ast.AST) -> bool:
    """A redirect whose address is none of a few functions of ours."""
    if not isinstance(node, ast.Call) or _last(node) != "redirect" or not node.args:
        return False
    target = node.args[0]
    return not (isinstance(target, ast.Call) and _last(target) in LEADS_ON)


RULES: Final[dict[str, Rule]] = {
    rule.__name__: rule
    for rule in (unverified, endless, follows, glued_sql, compared, logged, dangerous, open_redirect)
}


def found(source: str, rule: Rule) -> list[int]:
    """Return the lines of a source that break a rule."""
    return sorted({getattr(node, "lineno", 0) for node in ast.walk(ast.parse(source)) if rule(node)})


def files(*names: str) -> Iterator[Path]:
    """Return the Python files below folders, and files, of the project."""
    for name in names or APP:
        path = ROOT / name
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]
