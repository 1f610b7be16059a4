"""The checks themselves: a fault that is planted must be found."""

from __future__ import annotations

import base64

from tests.browser.png import joined
from tests.browser.screens import faults, misfits
from tests.browser.town import Town

SOUND = """<!doctype html><html lang="en"><title>Sound</title><meta name="viewport" content="width=device-width">
<main><h1>Sound</h1><p>Some words.</p><form><label>Name <input></label></form></main>"""
CARD = '<s-section style="display: block; width: 200px; overflow: hidden">{}</s-section>'
SAME = """async (pictures) => {
  const [one, other] = await Promise.all(pictures.map(async (picture) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    return canvas.getImageData(0, 0, image.width, image.height).data;
  }));
  return one.length === other.length && one.every((value, place) => value === other[place]);
}"""


def test_a_sound_page_has_no_faults(town: Town) -> None:
    page = town.page(390)
    page.set_content(SOUND)
    assert faults(page.main_frame) == []


def test_a_field_without_a_label_and_a_page_that_is_too_wide_are_found(town: Town) -> None:
    page = town.page(390)
    page.set_content(SOUND.replace("<label>Name <input></label>", '<input><div style="width: 500px">Wide</div>'))
    found = faults(page.main_frame)
    assert [fault.split(":")[0] for fault in found[:-1]] == ["label"]
    assert found[-1].startswith("scrolls sideways by ")


def test_what_a_card_cuts_off_is_found(town: Town) -> None:
    page = town.page(390)
    page.set_content(CARD.format("<p>It fits</p>"))
    assert misfits(page.main_frame) == []
    page.set_content(CARD.format('<p style="width: 260px">It does not</p>'))
    assert misfits(page.main_frame) == ["cut off: p: It does not"]


def test_pictures_that_are_put_together_are_the_picture_of_the_whole(town: Town) -> None:
    page = town.page(390)
    page.set_content(f"{SOUND}<style>body {{ background: linear-gradient(30deg, #fedcba, #204060) }}</style>")
    page.evaluate("document.body.append('Some words of a text. '.repeat(300))")
    box = {"x": 0, "y": 0, "width": 390, "height": 844}
    parts = [page.screenshot(clip=box | {"y": y, "height": tall}) for y, tall in ((0, 301), (301, 200), (501, 343))]  # type: ignore[arg-type]  # a dict will do
    pictures = [base64.b64encode(png).decode() for png in (page.screenshot(), joined(parts))]
    assert page.evaluate(SAME, pictures) is True


def test_an_error_in_the_console_is_found_and_one_that_nobody_caught_too(town: Town) -> None:
    page = town.page()
    page.goto(f"{town.stage.sandbox}/health")
    page.evaluate("console.error('said aloud'); setTimeout(() => { throw new Error('thrown away'); })")
    page.evaluate("fetch('/no-such-page')")
    page.wait_for_timeout(300)
    said = "\n".join(town.watch.complaints)
    town.watch.complaints.clear()
    assert "error: said aloud" in said
    assert "thrown away" in said
    assert "404" in said
    town.watch.provoke(404)
    page.evaluate("fetch('/no-such-page')")
    page.wait_for_timeout(300)
