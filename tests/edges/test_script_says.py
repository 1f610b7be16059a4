"""What our script says where an answer is no page to be shown: the one sentence, and not all that stands around it."""

from __future__ import annotations

import json
import subprocess

from flask.testing import FlaskClient

from plugin.storage.shops import Shop
from tests.edges.visits import Merchant
from tools.catalogue import ROOT
from tools.node import command

BROWSER = """
const { page, script } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const said = [], heard = {};
const bare = (html) => html.replace(/<[^>]*>/g, ' ');
const inside = (html, open, shut) => (html.includes(open) ? bare(html.split(open)[1].split(shut)[0]) : null);
const doc = {
  body: { textContent: bare(page) },
  querySelector: (wanted) => {
    const text = wanted === '[data-stopped] s-paragraph' && page.includes('data-stopped')
      ? inside(page, '<s-paragraph>', '</s-paragraph>') : null;
    return text === null ? null : { textContent: text };
  },
};
const live = { textContent: '' };
globalThis.document = {
  documentElement: { lang: 'de' }, body: { dataset: { failed: 'failed' } },
  getElementById: () => live, querySelector: () => null,
};
globalThis.location = new URL('https://app.example/data-protection');
globalThis.history = { replaceState() {}, pushState() {} };
globalThis.shopify = { toast: { show: (text) => said.push(text) }, loading() {} };
globalThis.addEventListener = (name, heed) => { (heard[name] ??= []).push(heed); };
globalThis.DOMParser = class { parseFromString() { return doc; } };
globalThis.fetch = async (_address, init) => {
  said.push(init.headers['X-Locale']);
  return { ok: false, text: async () => page };
};
(0, eval)(script);
const link = { tagName: 'A', href: 'https://app.example/data-protection/1.json', hasAttribute: () => true };
heard.click[0]({ composedPath: () => [link], preventDefault() {}, button: 0 });
setTimeout(() => console.log(JSON.stringify(said)), 50);
"""


def told(page: str) -> list[str]:
    """Return the language that a download was asked for in, and what was said of an answer that is no file."""
    given = json.dumps({"page": page, "script": (ROOT / "static" / "app.js").read_text()})
    run = subprocess.run(  # noqa: S603 - our own program
        [*command("node"), "-e", BROWSER], input=given, capture_output=True, text=True, timeout=20, check=True
    )
    return [" ".join(text.split()) for text in json.loads(run.stdout)]


def test_a_file_that_is_gone_is_told_in_one_sentence(client: FlaskClient, shop: Shop) -> None:
    client.environ_base["HTTP_X_LOCALE"] = "de"
    answer = Merchant(client).get("/data-protection/1.json")

    language, sentence = told(answer.text)

    assert answer.status_code == 404
    assert language == "de"
    assert sentence == " ".join(answer.text.partition("<s-paragraph>")[2].partition("</s-paragraph>")[0].split())


def test_an_answer_that_is_no_page_of_ours_is_told_as_it_is() -> None:
    assert told("This is over.") == ["de", "This is over."]
    assert told("x" * 400) == ["de", "failed"]
