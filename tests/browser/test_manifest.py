from __future__ import annotations

import pytest

from tests.browser.manifest import compare, components


def test_the_manifest_is_read_with_its_words() -> None:
    assert len(components()) > 50
    assert "primary" in components()["s-button"].attributes["variant"]
    assert components()["s-button"].attributes["href"] == frozenset()
    assert "primary-action" in components()["s-modal"].slots


def test_a_page_as_polaris_wants_it_has_no_faults() -> None:
    page = """<s-app-nav><s-link href="/" rel="home">Home</s-link></s-app-nav>
    <s-page heading="Orders" data-page="orders"><s-button slot="secondary-actions" href="/">Go</s-button>
    <s-modal id="m" heading="Sure?"><s-checkbox name="ack" required label="Yes" error="Tick it"></s-checkbox>
    <s-button slot="primary-action" variant="primary" commandFor="m" command="--hide">No</s-button></s-modal>
    </s-page>"""
    report = compare(page)
    assert report.faults == []
    assert report.seen == 7


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("<s-form></s-form>", "<s-form> is no component"),
        ('<s-button colour="red">Go</s-button>', "<s-button> has no attribute colour"),
        ('<s-button variant="main">Go</s-button>', "<s-button variant='main'>: not one of "),
        ('<s-page><s-button slot="footer">Go</s-button></s-page>', "<s-page> has no slot 'footer'"),
        ('<s-page><div><b slot="aside">Go</b></div></s-page>', "slot='aside', but <div> around it is no component"),
        ('<s-button onclick="go()">Go</s-button>', "<s-button onclick>: an inline handler"),
        ("<s-page><s-divider/></s-page>", "<s-divider/> stays open in HTML"),
    ],
)
def test_a_planted_fault_is_found(planted: str, fault: str) -> None:
    report = compare(f"<!doctype html>\n<s-page>\n{planted}\n</s-page>")
    assert len(report.faults) == 1, report.faults
    assert fault in report.faults[0]
    assert report.faults[0].startswith("line 3: ")
