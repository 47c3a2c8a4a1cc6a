"""The shape of gates and scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, SubmitField
from wtforms.validators import InputRequired, Length, Optional

from app.forms import EitherOf, LineField, ProseField, options
from app.hosting import judging, merging
from app.hosting.forms import CRITERIA
from app.i18n import lazy_gettext as _l
from scheduler.hosting import JUDGED, SCORE_MAX, Criterion, Gate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from app.hosting.judging_models import OfferGate, ScoreSheet

GATES = {
    Gate.LETTER: _l("Signed letter"),
    Gate.CAPACITY: _l("Enough room"),
    Gate.NO_BARRIER: _l("No barrier to any eligible delegation"),
    Gate.LEGAL: _l("Legal assurance"),
    Gate.SECURITY_CONTACT: _l("Security contact"),
    Gate.DATES: _l("Dates inside the window, without a hard clash"),
    Gate.ACCESSIBLE: _l("Accessible venue"),
}
PASSED, FAILED, OPEN = "passed", "failed", ""
RESULTS = [(OPEN, _l("not checked")), (PASSED, _l("passed")), (FAILED, _l("not passed"))]
MARKS = [(str(mark), str(mark)) for mark in range(SCORE_MAX + 1)]


class GateForm(FlaskForm):
    """The result of each gate, with what shows it; the fields are named after the gates."""

    seen = HiddenField()
    submit = SubmitField(_l("Record the conditions"))

    @classmethod
    def of(cls, gates: Mapping[Gate, OfferGate], current: Collection[Gate]) -> GateForm:
        """Return the form filled with what was checked.

        What was found before the offer was changed keeps its words, and is to be decided anew.
        """
        values = {"seen": merging.marks(judging.gate_facts(gates))}
        for gate, row in gates.items():
            if gate in current:
                values[gate.value] = PASSED if row.is_passed else FAILED
            values[f"{gate.value}_evidence"] = row.evidence
        return cls(data=values)

    def found(self) -> dict[Gate, tuple[bool, str]]:
        """Return what was found of each gate that is checked."""
        return {
            gate: (self[gate.value].data == PASSED, self[f"{gate.value}_evidence"].data or "")
            for gate in GATES
            if self[gate.value].data in {PASSED, FAILED}
        }

    def theirs(self, known: Mapping[Gate, OfferGate]) -> list[tuple[Any, str]]:
        """Return what somebody else found of the same gates; the form has seen it from now on."""
        seen, standing = self.seen.data or "", judging.gate_facts(known)
        typed = {gate.value: result for gate, result in self.found().items()}
        both = merging.merge(seen, standing, typed)[1]
        self.seen.data = merging.remark(seen, standing, both)
        results = dict(RESULTS)
        return [
            (
                GATES[gate],
                f"{results[PASSED if row.is_passed else FAILED]}: {row.evidence}",
            )
            for gate, row in known.items()
            if gate.value in both
        ]


for _gate, _words in GATES.items():
    setattr(
        GateForm,
        _gate.value,
        RadioField(_words, [Optional()], choices=options(RESULTS), default=""),
    )
    setattr(
        GateForm,
        f"{_gate.value}_evidence",
        LineField(_l("What shows it"), [EitherOf(), Length(max=1000)]),
    )


class ScoreForm(FlaskForm):
    """A score from 0 to 5 with a comment for each criterion that people judge."""

    submit = SubmitField(_l("Give these scores"))

    @classmethod
    def of(cls, sheet: ScoreSheet | None) -> ScoreForm:
        """Return the form filled with what was given before."""
        if sheet is None:
            return cls()
        marks = {name: str(mark) for name, mark in sheet.scores.items()}
        comments = {f"{name}_comment": words for name, words in sheet.comments.items()}
        return cls(data=marks | comments)

    def scores(self) -> dict[Criterion, int]:
        """Return the scores."""
        return {criterion: int(self[criterion.value].data) for criterion in JUDGED}

    def comments(self) -> dict[Criterion, str]:
        """Return the comments."""
        return {criterion: self[f"{criterion.value}_comment"].data or "" for criterion in JUDGED}


for _criterion in JUDGED:
    setattr(
        ScoreForm,
        _criterion.value,
        RadioField(
            CRITERIA[_criterion],
            [InputRequired(_l("Give a score from 0 to 5."))],
            choices=options(MARKS),
            description=_l("0 is not acceptable, 5 is excellent."),
        ),
    )
    setattr(
        ScoreForm,
        f"{_criterion.value}_comment",
        ProseField(_l("Comment"), [Optional(), Length(max=2000)]),
    )


class EvaluatorForm(FlaskForm):
    """Ask a member to judge."""

    person = SelectField(_l("Member of the committee"), [InputRequired()])
    country = SelectField(
        _l("Country of the member"),
        description=_l(
            "Whoever is of a country that offers keeps out. What was told before stays until "
            "another is."
        ),
    )
    submit = SubmitField(_l("Ask this member to judge"))


class InterestDeclarationForm(FlaskForm):
    """Declare an interest in the choice."""

    words = ProseField(_l("Your interest"), [InputRequired(), Length(max=1000)])
    submit = SubmitField(_l("Declare it and keep out"))
