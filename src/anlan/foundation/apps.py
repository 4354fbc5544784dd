from django.apps import AppConfig


class FoundationConfig(AppConfig):
    name = "anlan.foundation"
    label = "foundation"
