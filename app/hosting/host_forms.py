"""The shape of what is typed on the pages of a host."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import RadioField, SubmitField
from wtforms.validators import InputRequired, Length

from app.forms import DayField, LineField, ProseField, options
from app.hosting.host_models import TaskOwner
from app.i18n import lazy_gettext as _l

OWNERS = {TaskOwner.HOST: _l("Host team"), TaskOwner.ORGANISER: _l("Organisers")}


class TaskActForm(FlaskForm):
    """A button beside an item: done, or taken back."""


class WaiveTaskForm(FlaskForm):
    """An item that need not be done."""

    reason = ProseField(_l("Reason"), [InputRequired(), Length(max=500)])
    submit = SubmitField(_l("Waive it"))


class AddTaskForm(FlaskForm):
    """An item more."""

    title = LineField(_l("What is to be done"), [InputRequired(), Length(max=120)])
    owner = RadioField(
        _l("Whose it is"),
        [InputRequired()],
        choices=options((owner.value, words) for owner, words in OWNERS.items()),
        default=TaskOwner.HOST.value,
    )
    due_on = DayField(
        _l("Due on"),
        [InputRequired()],
        description=_l("If the event moves, this day moves with it."),
    )
    submit = SubmitField(_l("Add it"))


class InviteForm(FlaskForm):
    """Somebody for the host team."""

    email = LineField(_l("E-mail address"), [InputRequired(), Length(max=254)])
    submit = SubmitField(_l("Invite"))


class EndMemberForm(FlaskForm):
    """Somebody leaves the host team."""

    reason = ProseField(
        _l("Reason"), [InputRequired(), Length(max=500)], description=_l("The person is told.")
    )
    submit = SubmitField(_l("End the role"))
