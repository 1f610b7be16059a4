"""Own rules over the app's source, each of which is shown to catch what it is for; and no secret in any file."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.contract import rules
from tests.contract.published import ROOT

EXCEPTIONS = {
    ("dangerous", "plugin/pages/locale.py"): "a text that was escaped one line before",
    ("dangerous", "plugin/pages/notice.py"): "what a template of ours has made, which escapes by itself",
    ("glued_sql", "plugin/storage/held.py"): "one of two constants of the same function",
}
"""By rule and file: why one line may."""
CAUGHT = {
    "unverified": ["requests.get(u, timeout=1, verify=False)", 'jwt.decode(t, options={"verify_signature": False})',
                   "context.verify_mode = ssl.CERT_NONE"],
    "endless": ["requests.get(url)", "session.post(url, data=body)", "urlopen(url)", "smtplib.SMTP(host)",
    "http.request(m, u)"],
    "follows": ["requests.get(url, timeout=1)", "session.get(url, timeout=1, allow_redirects=True)"],
    "glued_sql": ['conn.execute(f"SELECT {name}")', 'conn.execute("SELECT " + name)',
    'conn.execute("SELECT %s" % name)',
                  'cursor.executemany("SELECT {}".format(name), rows)'],
    "compared": ["given == signature", "if row.state_hash != wanted: pass", "hmac.hexdigest() == given.hmac"],
    "logged": ['log.info("paid", payload)', 'log.warning("bad", extra={"x": body})', "logging.error(buyer.email)",
               'log.info(f"token {shop.token}")'],
    "dangerous": ["eval(text)", "pickle.loads(raw)", "yaml.load(text)", "subprocess.run(words, shell=True)",
    "hashlib.md5(x)",
                  "random.choice(letters)", "render_template_string(text)", "print(row)"],
    "open_redirect": ['redirect(request.args["next"])', 'redirect(f"https://{shop}/admin")', "redirect(target)"],
}  # fmt: skip
ALLOWED = """
requests.get(url, timeout=3, allow_redirects=False)
conn.execute("SELECT 1 WHERE id = %s", (one,))
conn.execute(f"{_FOUND} AND id = %s", (one,))
conn.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
hmac.compare_digest(given, signature)
if mark == "":
    pass
log.info("paid order recorded", extra={"shop_id": shop_id})
redirect(url_for("pages.orders"))
subprocess.run(words, check=False)
"""
SHAPES = re.compile(
    r"shp(?:at|ca|ss|rt|pa)_[0-9a-f]{32}|EAA[A-Za-z0-9]{60,}|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abpr]-[0-9A-Za-z-]{20,}"
    r"|sk_live_[0-9a-zA-Z]{20,}|AIza[0-9A-Za-z_-]{35}|-----BEGIN (?:RSA |EC |OPENSSH |)PRIVATE KEY|npm_[A-Za-z0-9]{36}"
    r"|pypi-[A-Za-z0-9_-]{50,}|eyJhbGciOi[\w-]+\.eyJ[\w-]{20,}\.[\w-]{20,}"
)
"""Tokens of Shopify, Meta, AWS, GitHub, Slack, Stripe, Google, npm, PyPI; private keys; signed tokens."""
NAMED = re.compile(r"(?i)\b\w*(?:secret|password|api_key|access_token)\w*\s*[:=]\s*[\"']([A-Za-z0-9+/_=-]{24,})[\"']")
"""A long text under a name that says what it is."""
INVENTED = re.compile(
    r"(?i)invent|example|test|fake|sandbox|secret-|of-the|0123456789|0f1e2d3c|demo|stand-?in|another|wrong"
)


@pytest.mark.parametrize("name", rules.RULES)
def test_no_file_of_the_app_breaks_a_rule(name: str) -> None:
    found = {
        file.relative_to(ROOT).as_posix(): lines
        for file in rules.files()
        if (lines := rules.found(file.read_text(), rules.RULES[name]))
    }
    excepted = {file for rule, file in EXCEPTIONS if rule == name}

    assert {file: lines for file, lines in found.items() if file not in excepted or len(lines) > 1} == {}
    assert excepted <= found.keys()


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, lines in CAUGHT.items() for line in lines])
def test_a_rule_catches_what_it_is_for(name: str, line: str) -> None:
    assert rules.found(line, rules.RULES[name]) == [1]


@pytest.mark.parametrize("name", rules.RULES)
def test_a_rule_leaves_sound_code_alone(name: str) -> None:
    assert rules.found(ALLOWED, rules.RULES[name]) == []


def test_no_file_holds_a_secret() -> None:
    found = []
    for name in tracked():
        text = (ROOT / name).read_bytes().decode(errors="replace") if (ROOT / name).is_file() else ""
        values = SHAPES.findall(text) + [value for value in NAMED.findall(text) if not INVENTED.search(value)]
        found += [f"{name}: {value[:12]}..." for value in values]

    assert found == []


def test_the_search_for_secrets_finds_one() -> None:
    made = ("shpat_" + "0a" * 16, "EAA" + "b7" * 40, "AKIA" + "Q" * 16, "-----BEGIN " + "PRIVATE KEY")

    assert all(SHAPES.search(one) for one in made)
    assert NAMED.findall('API_SECRET = "' + "9f" * 16 + '"')
    assert not SHAPES.search("shpat_test EAAtesttoken")


def test_environment_files_and_keys_are_not_kept() -> None:
    assert [name for name in tracked() if re.search(r"(?:^|/)\.env|\.(?:pem|key|p12|pfx|sqlite3?)$", name)] == []


def tracked() -> list[str]:
    """Return the files of the project: what git knows or would take, else whatever is there."""
    asked = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - git's own words
    if done.returncode == 0:
        return done.stdout.splitlines()
    skipped = {".venv", "node_modules", "build", "dist", ".git"}
    return [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if not skipped & set(path.parts)]
