"""What is installed for running is enough to run: the checks' own libraries must not carry the program."""

import os
import subprocess
import sys

from anlan.foundation.environment import REPOSITORY

# In a process of its own: whatever only the checks need is hidden from it, then every module is imported.
PROGRAM = """
import importlib, importlib.abc, importlib.metadata, pkgutil, re, sys
from pathlib import Path

LOCKED = {
    re.sub(r"[-_.]+", "-", name).lower()
    for name in re.findall(r"^([A-Za-z0-9._-]+)==", Path("requirements.lock").read_text(), re.M)
}
OWNERS = importlib.metadata.packages_distributions()

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        owners = {re.sub(r"[-_.]+", "-", each).lower() for each in OWNERS.get(name.partition(".")[0], [])}
        if owners and not owners & LOCKED:
            raise ModuleNotFoundError(f"{name} is not in requirements.lock", name=name)

sys.meta_path.insert(0, Hidden())
import django
django.setup()
import anlan
for module in pkgutil.walk_packages(anlan.__path__, "anlan."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print("imported")
"""


def test_every_module_imports_with_what_is_installed_for_running() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": "src", "DJANGO_SETTINGS_MODULE": "anlan.settings"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "imported", done.stderr
