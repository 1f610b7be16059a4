from __future__ import annotations

import pytest

from plugin.meta.codes import TABLE, Step
from plugin.meta.errors import Cause
from plugin.meta.sentences import BY_CAUSE, BY_CODE, BY_FLAW, BY_RESULT, BY_STEP, Sentence, for_code
from plugin.recovery.soundness import Flaw
from plugin.storage.settling import Passing

RESULTS = {None, "accepted", "refused", "split", "disconnected", *Passing}
EVERY = [*BY_CAUSE.values(), *BY_STEP.values(), *BY_CODE.values(), *BY_FLAW.values(), *BY_RESULT.values()]


def test_every_step_cause_flaw_and_result_has_its_sentences() -> None:
    assert set(BY_STEP) == set(Step)
    assert set(BY_CAUSE) == set(Cause)
    assert set(BY_FLAW) == set(Flaw)
    assert set(BY_RESULT) == RESULTS


@pytest.mark.parametrize("sentence", EVERY)
def test_they_say_what_happened_what_we_did_and_what_can_be_done_in_whole_sentences(sentence: Sentence) -> None:
    for text in (sentence.happened, sentence.did, sentence.can):
        assert text[0].isupper()
        assert text.endswith(".")
        assert "Conversions API" not in text


@pytest.mark.parametrize(("key", "step"), TABLE.items())
def test_every_code_of_the_table_finds_its_sentence(key: tuple[int | None, int | None], step: Step) -> None:
    code, subcode = key[0] or 100, key[1]
    found = for_code(f"{code}/{subcode}" if subcode else str(code))

    assert found == BY_CODE.get((code, subcode or 0), BY_STEP[step])


@pytest.mark.parametrize("flaw", Flaw)
def test_a_flaw_found_here_finds_its_sentence(flaw: Flaw) -> None:
    assert for_code(flaw.code) == BY_FLAW[flaw]


@pytest.mark.parametrize("code", ["987654", "987654/77", "?", "", "local/other", "1" * 30])
def test_a_code_that_nobody_knows_has_a_sentence_too(code: str) -> None:
    assert for_code(code) == BY_STEP[Step.FIND_OUT]


def test_a_permission_code_finds_the_permission() -> None:
    assert for_code("294") == BY_CAUSE[Cause.PERMISSION_LOST]
