"""The pages of administration; those of the routing table and of categories lie with their own services."""

from django.urls import path

from anlan.services.administration import account_pages as accounts
from anlan.services.administration import area_pages as areas
from anlan.services.administration import grid_pages as grids
from anlan.services.administration import log_pages as log
from anlan.services.administration import office_pages as offices
from anlan.services.administration import pages
from anlan.services.administration import rule_pages as rules

urlpatterns = [
    path("administration", pages.overview, name="administration"),
    path("administration/organisations", offices.organisations, name="organisations"),
    path("administration/organisations/new", offices.new_organisation, name="new-organisation"),
    path("administration/organisations/<uuid:id>", offices.organisation, name="organisation"),
    path("administration/units", offices.units, name="units"),
    path("administration/units/new", offices.new_unit, name="new-unit"),
    path("administration/units/<uuid:id>", offices.unit, name="unit"),
    path("administration/units/<uuid:id>/retire", offices.retire_unit, name="retire-unit"),
    path("administration/accounts", accounts.account_list, name="accounts"),
    path("administration/accounts/new", accounts.new_account, name="new-account"),
    path("administration/accounts/<uuid:id>", accounts.account, name="account"),
    path("administration/accounts/<uuid:id>/give", accounts.give_posting, name="give-posting"),
    path("administration/accounts/<uuid:id>/switch", accounts.switch, name="switch-account"),
    path("administration/accounts/<uuid:id>/password", accounts.reset_password, name="reset-password"),
    path("administration/accounts/<uuid:id>/second-factor", accounts.reset_second_factor, name="reset-second-factor"),
    path("administration/postings/<uuid:id>/end", accounts.end_posting, name="end-posting"),
    path("administration/postings/<uuid:id>/extend", accounts.extend_posting, name="extend-posting"),
    path("administration/areas", areas.area_list, name="areas"),
    path("administration/areas/<code>", areas.area, name="area"),
    path("administration/areas/<code>/rename", areas.rename, name="rename-area"),
    path("administration/areas/<code>/close", areas.close, name="close-area"),
    path("administration/areas/<code>/grids", grids.grids, name="grids"),
    path("administration/areas/<code>/grids.geojson", grids.grids_file, name="grids-file"),
    path("administration/areas/<code>/grids/plan", grids.begin, name="begin-grid-plan"),
    path("administration/areas/<code>/grids/import", grids.take_in, name="import-grids"),
    path("administration/grids/<uuid:id>", grids.plan, name="grid-plan"),
    path("administration/grids/<uuid:id>.geojson", grids.plan_file, name="grid-plan-file"),
    path("administration/grids/<uuid:id>/edit", grids.edit, name="edit-grid-plan"),
    path("administration/grids/<uuid:id>/decide", grids.decide, name="decide-grid-plan"),
    path("administration/grids/<uuid:id>/withdraw", grids.withdraw, name="withdraw-grid-plan"),
    path("administration/grids/<uuid:id>/restore", grids.restore, name="restore-grids"),
    path("administration/rules", rules.rules, name="rules"),
    path("administration/rules/<id>", rules.rule, name="rule"),
    path("administration/rules/<id>/versions/new", rules.new_version, name="new-rule-version"),
    path("administration/rules/versions/<uuid:id>/withdraw", rules.withdraw_version, name="withdraw-rule-version"),
    path("administration/log", log.audit_log, name="audit-log"),
    path("administration/log.csv", log.audit_log_file, name="audit-log-file"),
]
