"""Permanent pages: one per duty, with everything that the list says of it."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from web.cards import duty_view
from web.state import current_assistant

blueprint = Blueprint("duties", __name__)


@blueprint.get("/duty/<slug>/<duty_id>")
def page(slug: str, duty_id: str) -> str:
    """A duty, or 404 where the list has none of that id."""
    duty_list = current_assistant().list
    if slug != duty_list.slug or duty_id not in duty_list:
        abort(404)
    duty = duty_list.duty(duty_id)
    return render_template("duty.html", duty=duty_view(duty, duty_list, request.path))
