from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AddressesConfig(AppConfig):
    name = "anlan.city.addresses"
    label = "addresses"
    verbose_name = _("Addresses")

    def ready(self) -> None:
        from anlan.city.addresses import area_following
        from anlan.city.areas import changes, grid_changes

        changes.follow_renames_with(area_following.follow_rename)
        grid_changes.follow_with(area_following.follow_grids)
