from django.apps import AppConfig
from django.core.signals import request_started


class FoundationConfig(AppConfig):
    name = "anlan.foundation"
    label = "foundation"

    def ready(self) -> None:
        from anlan.foundation.database import drop_dead_connections
        from anlan.foundation.sealing import sealer

        # A key or a cipher that can't work here stops the start, and not the first request that needs it.
        sealer()
        request_started.connect(drop_dead_connections)
