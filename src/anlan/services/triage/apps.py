from django.apps import AppConfig


class TriageConfig(AppConfig):
    name = "anlan.services.triage"
    label = "triage"
