"""Forms in two languages: labels, hints and errors are marked sentences, said when the page is made (ux.md 3.4).

class ReasonForm(PageForm):
    reason = forms.CharField(label=N_("Reason"), max_length=500)
    errors_said = {"reason": {"required": N_("Enter a reason")}}

form = ReasonForm.of(request)
if form.is_sent():      # sent, not a change of language, and right
    ...
return show(request, "portal/reason.html", title=N_("Why?"), form=form)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from hwb.web.language import is_switch
from hwb.web.words import N_, Text, say

#: What is said of Django's own errors where a form has no sentence of its own.
GENERAL = {
    "required": N_("Fill in this field: {label}"),
    "invalid": N_("This cannot be used: {label}"),
    "invalid_choice": N_("Choose one of the answers: {label}"),
    "invalid_list": N_("Choose from the answers: {label}"),
    "max_length": N_("Too long; at most {limit_value} characters: {label}"),
    "min_length": N_("Too short; at least {limit_value} characters: {label}"),
    "max_value": N_("At most {limit_value}: {label}"),
    "min_value": N_("At least {limit_value}: {label}"),
    "null_characters_not_allowed": N_("This cannot be used: {label}"),
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One error, said, with the id of its field for the link in the summary; no id when it is the form's."""

    text: str
    target: str


class PageForm(forms.Form):
    """The base of every form of a page. A form's main <form> has the id "form"."""

    #: field → code → marked sentence; gaps are the error's own values and {label}.
    errors_said: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    use_required_attribute = False  # the browser would speak its own language

    @classmethod
    def of(cls, request: HttpRequest, *, initial: Mapping[str, Any] | None = None, **more: Any) -> Self:
        """The request's form: filled from POST and to be checked, or, after a change of language, filled only."""
        if request.method == "POST" and not is_switch(request):
            return cls(request.POST, initial=dict(initial or {}), **more)
        form = cls(initial=dict(initial or {}), **more)
        if is_switch(request):
            form.initial = {**form.initial, **form._typed(request)}
        return form

    def is_sent(self) -> bool:
        """Whether it was sent to be done, and everything in it is right."""
        return self.is_bound and self.is_valid()

    def _typed(self, request: HttpRequest) -> dict[str, Any]:
        """What stands in the fields, unchecked; a password is typed anew."""
        typed = {}
        for name, field in self.fields.items():
            if not isinstance(field.widget, forms.PasswordInput):
                typed[name] = field.widget.value_from_datadict(request.POST, request.FILES, self.add_prefix(name))
        return typed

    def said_errors(self) -> list[FieldError]:
        """Every error in the page's language, in the order of the fields; the whole form's errors first."""
        found = self.errors.as_data() if self.is_bound else {}
        ordered = [name for name in ("__all__", *self.fields) if name in found]
        return [FieldError(self._said(name, error), self._target(name)) for name in ordered for error in found[name]]

    def errors_of(self, name: str) -> list[str]:
        """The errors of one field in the page's language."""
        return [self._said(name, error) for error in self.errors.as_data().get(name, [])] if self.is_bound else []

    def _said(self, name: str, error: ValidationError) -> str:
        own = self.errors_said.get(name, {})
        code = error.code or ""
        message = own.get(code) or GENERAL.get(code) or str(error.message)
        label = say(str(self.fields[name].label or name)) if name in self.fields else ""
        return say(Text(message, {"label": label, **(error.params or {})}))

    def _target(self, name: str) -> str:
        if name not in self.fields:
            return next((str(self[field].id_for_label) for field in self.fields), "")
        bound = self[name]
        single = not isinstance(bound.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
        return f"id_{bound.html_name}" if single else f"id_{bound.html_name}_0"
