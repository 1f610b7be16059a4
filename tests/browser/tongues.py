"""The page at hand in another language, without loading the admin anew: its server is asked as its script would."""

from __future__ import annotations

from playwright.sync_api import Frame

PSEUDO, GERMAN, HEBREW = "en-XA", "de", "he"
TURNED = """async ([tag, dialog]) => {
  const here = new URL(location.href);
  here.searchParams.set('locale', tag);
  const answer = await fetch(here, {headers: {Accept: 'text/html'}});
  const doc = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const {lang, dir} = doc.documentElement;
  Object.assign(document.documentElement, {lang, dir});
  document.title = doc.title;
  document.querySelector('s-page').replaceWith(document.adoptNode(doc.querySelector('s-page')));
  if (dialog) document.getElementById(dialog).showOverlay();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return `${lang} ${dir}`;
}"""


def turn(frame: Frame, tag: str, dialog: str = "") -> None:
    """Put the page in another language; a dialog that is to be open is opened again."""
    found = frame.evaluate(TURNED, [tag, dialog])
    assert found == f"{tag} {'rtl' if tag == HEBREW else 'ltr'}", found
