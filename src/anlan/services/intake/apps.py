from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "anlan.services.intake"
    label = "intake"
