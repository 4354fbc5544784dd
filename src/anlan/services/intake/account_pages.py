"""A resident's own pages: the list of their reports, what is kept of them, and how they take it away or end it."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anlan.city.people.access import postings_of, scoped
from anlan.city.people.models import Account
from anlan.foundation.masks import mask_name, mask_phone
from anlan.loop import clock
from anlan.loop.doors import LONGEST_CODE, tracking_index
from anlan.loop.queries import by_code
from anlan.loop.refusals import Refused, Unknown
from anlan.services.intake import mine

Page = Callable[..., HttpResponse]


def signed_in(page: Page) -> Page:
    """A page for whoever has signed in, as `page(request, account)`; others are led to the residents' door."""

    @never_cache
    @wraps(page)
    def with_account(request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, Account):
            back = {"next": request.get_full_path()} if request.method == "GET" else {}
            return redirect(f"{reverse('account-sign-in')}{'?' + urlencode(back) if back else ''}")
        return page(request, request.user)

    return with_account


@require_safe
@signed_in
def reports(request: HttpRequest, account: Account) -> HttpResponse:
    """My reports, the newest first."""
    return _reports(request, account)


@require_POST
@signed_in
def claim(request: HttpRequest, account: Account) -> HttpResponse:
    """Put an earlier report, sent without an account, under this one by its code."""
    typed = request.POST.get("code", "")[:LONGEST_CODE]
    tracking = tracking_index(typed)
    try:
        mine.claim(account, tracking, by_code(tracking).id)
    except Unknown:
        return _reports(request, account, _("No matter has this code. Please check each sign."), status=404)
    except Refused as refused:
        return _reports(request, account, str(refused.message), status=refused.status)
    return redirect(f"{reverse('account')}?done=claimed")


@require_safe
@signed_in
def data(request: HttpRequest, account: Account) -> HttpResponse:
    """What is kept of me, and who has looked at it."""
    shown = {
        "account": account,
        "name": mask_name(account.name or ""),
        "phone": mask_phone(account.phone or ""),
        "looks": mine.looked_at(account),
        "identities": account.identities.order_by("linked_at"),
        "provider": settings.ANLAN_OIDC_LABEL if settings.ANLAN_OIDC_ISSUER else "",
        "is_resident": account.kind == Account.Kind.RESIDENT,
    }
    return render(request, "intake/my_data.html", shown)


@require_POST
@signed_in
def export(request: HttpRequest, account: Account) -> HttpResponse:
    """All of it as a file to take away. Sent by a form: a link could be opened for somebody by a page elsewhere."""
    response = JsonResponse(mine.export(account), json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = 'attachment; filename="anlan-my-data.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def delete(request: HttpRequest, account: Account) -> HttpResponse:
    """The end of the account: what goes and what stays is said, then it is asked once more."""
    if account.kind != Account.Kind.RESIDENT:
        return redirect("account-data")
    step, sure = request.POST.get("step"), request.POST.get("sure") == "yes"
    if step == "last" and sure:
        mine.delete(account)
        logout(request)
        return render(request, "intake/deleted.html", {"hotline": settings.ANLAN_HOTLINE})
    with scoped(mine.own_scope(account)):
        running = mine.reports_of(account).filter(closed_at=None).count()
    error = _("Please tick the box, or go back.") if step == "last" else ""
    shown = {"step": "last" if step else "first", "running": running, "error": error}
    return render(request, "intake/delete_account.html", shown, status=422 if error else 200)


def _reports(request: HttpRequest, account: Account, error: str = "", status: int = 200) -> HttpResponse:
    with scoped(mine.own_scope(account)):
        page = Paginator(mine.reports_of(account), mine.PAGE).get_page(request.GET.get("page"))
        matters = list(page)
    shown = {
        "reports": mine.listed(account, matters),
        "page": page,
        "on_duty": postings_of(account, on=clock.today()).exists(),
        "error": error,
        "typed": request.POST.get("code", "")[:LONGEST_CODE],
        "longest": LONGEST_CODE,
        "done": request.GET.get("done", ""),
    }
    return render(request, "intake/account.html", shown, status=status)
