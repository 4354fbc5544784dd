"""A password of one's own in place of the one-time password that an administrator gave: before it nobody is in."""

from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from anlan.loop.refusals import BadInput
from anlan.web.account import new_password
from anlan.web.entering import enter, pending, remember_browser


@never_cache
@sensitive_post_parameters("new_password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def first_password(request: HttpRequest) -> HttpResponse:
    """Choose it, and be in. Without all that the account asks for proven just before, back to the door."""
    held = pending(request)
    if held is None or not held.whole:
        return HttpResponseRedirect(reverse("sign-in"))
    account, refused = held.account, None
    if request.method == "POST":
        try:
            chosen = new_password(request, account)
            if account.check_password(chosen):
                raise BadInput(_("this is the one-time password; choose another"), field="new_password")
        except BadInput as error:
            refused = error
        else:
            account.set_password(chosen)
            account.must_change_password = False
            account.save(update_fields=["password", "must_change_password"])
            response = HttpResponseRedirect(enter(request, account, to=held.next))
            remember_browser(request, response, account)
            return response
    context = {"account": account, "wrong": refused, "password_rules": password_validators_help_texts()}
    return render(request, "web/first_password.html", context, status=422 if refused else 200)


urlpatterns = [path("sign-in/password", first_password, name="first-password")]
