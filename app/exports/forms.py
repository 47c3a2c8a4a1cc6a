"""The shape of a wish for personal data."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField, SubmitField
from wtforms.validators import InputRequired, Length

from app.exports.models import ReleaseKind
from app.forms import ProseField, options
from app.i18n import lazy_gettext as _l

KIND_LABELS = {
    ReleaseKind.CSV: _l("All registrations, as CSV"),
    ReleaseKind.XLSX: _l("All registrations, as a workbook (XLSX)"),
    ReleaseKind.LIST: _l("Show the participants a list of those who agreed to stand in it"),
}


class AskForm(FlaskForm):
    """What is wanted, and why."""

    kind = RadioField(
        _l("What"),
        [InputRequired(message=_l("Choose what you want."))],
        choices=options((kind.value, label) for kind, label in KIND_LABELS.items()),
    )
    reason = ProseField(
        _l("Why"),
        [InputRequired(), Length(max=1000)],
        description=_l("Who grants it reads this, and it stands in the audit log."),
    )
    submit = SubmitField(_l("Ask another organiser"))


class PostForm(FlaskForm):
    """A button; it carries the token and nothing else."""
