from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TriageConfig(AppConfig):
    name = "anlan.services.triage"
    label = "triage"
    verbose_name = _("Triage")

    def ready(self) -> None:
        from anlan.city.people.access import SUPERVISOR, Role
        from anlan.foundation import rules
        from anlan.loop import language_help, rooms, suggestions, worker
        from anlan.services.triage.city import category_tree, triage_here
        from anlan.services.triage.language.help import Help
        from anlan.services.triage.learning.night import learn_tonight
        from anlan.services.triage.learning.second_look import look_tonight

        rules.register(self.name)
        worker.register(worker.Job("triage-model", learn_tonight, pause=600))
        worker.register(worker.Job("triage-second-look", look_tonight, pause=600))
        suggestions.provide_triage(triage_here)
        suggestions.provide_categories(category_tree)
        language_help.provide(Help())
        categories = rooms.Room(
            "categories", _("Categories"), Role.ADMINISTRATOR, inside="administration", the_city=True
        )
        rooms.register(categories)
        rooms.register(rooms.Room("triage-learning", _("Learning"), SUPERVISOR | Role.ADMINISTRATOR, general=True))
