"""What is installed is what was looked at: pins, declared and used packages, licences, no address of a registry.

Works without a network. Known weaknesses of the pinned versions can't be looked up here: docs/operations.md.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
OURS = "leads-platform"
# Declared, yet never imported, and why.
STARTED_NOT_IMPORTED = {
    "dagster-webserver": "the command dagster-webserver is started by `leads-platform ui`",
    "pytest-timeout": "a plugin of pytest",
    "pytest-xdist": "a plugin of pytest",
    "ruff": "a command of make lint",
    "pyright": "a command of make lint",
}
# Licences that ask for nothing but to be named; of MPL-2.0 that its own files stay open.
LICENCES = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software Foundation|Mozilla Public License 2\.0|MPL-2\.0|0BSD|Zlib|CC0-1\.0|ISC"
)
# Asks that whoever gets a program can put another version of the library into its place. These are packages of their
# own, installed beside ours, unchanged, and imported: nothing of them is part of what we hand on.
LESSER_GPL = {"psycopg": "LGPL-3.0-only", "psycopg-binary": "LGPL-3.0-only"}
# Put together here, so that this file is not found itself. The options of pip that name one a registry.
REGISTRY = re.compile(
    "|".join([r"py" + r"pi\.org", "python" + "hosted", "index" + "[-_]url", "trusted" + "[-_]host", "npm" + r"js\."]),
    re.I,
)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def declared(extra: str | None = None) -> set[str]:
    said = project()["dependencies"] if extra is None else project()["optional-dependencies"][extra]
    return {normal(Requirement(text).name) for text in said}


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {normal(name): version for name, version in (line.split("==") for line in lines)}


def needed() -> dict[str, Distribution]:
    """Every package that ours brings along with its development tools, by what the installed ones require."""
    found: dict[str, Distribution] = {}
    todo = [(Requirement(text), "") for text in project()["dependencies"]]
    todo += [(Requirement(text), "") for text in project()["optional-dependencies"]["dev"]]
    seen = set()
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = normal(requirement.name)
        found[name] = distribution(name)
        for wanted in ("", *requirement.extras):
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                todo += [(Requirement(text), wanted) for text in found[name].requires or []]
    return found


def test_what_is_installed_is_exactly_what_is_pinned() -> None:
    """A line too many is a package nobody needs; one too few is a package that comes in any version."""
    assert {name: found.version for name, found in needed().items()} == constraints()


def test_the_installed_packages_agree_with_each_other() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_committed_file_names_a_registry() -> None:
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60).stdout
    names = [name for name in told.decode().split("\0") if name and (ROOT / name).is_file()]
    assert "pyproject.toml" in names and "constraints.txt" in names
    found = [name for name in names if REGISTRY.search((ROOT / name).read_text("utf-8", "replace"))]
    assert found == []
    assert REGISTRY.search("--extra-index" + "-url https://example.org/simple")


def imports(package: str) -> Iterator[tuple[str, str]]:
    """(file, top module) of every import of others' code, wherever it stands."""
    own = {"leads_platform", "leads_platform_tests", *sys.stdlib_module_names}
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                if (top := name.split(".")[0]) not in own:
                    yield path.relative_to(ROOT).as_posix(), top


@pytest.mark.parametrize(("package", "extra"), [("leads_platform", None), ("leads_platform_tests", "dev")])
def test_every_import_is_declared_and_every_declared_package_is_imported(package: str, extra: str | None) -> None:
    homes = packages_distributions()
    allowed = declared() | (declared(extra) if extra else set())
    used = {}
    for path, top in imports(package):
        names = {normal(name) for name in homes.get(top, [top])}
        assert names & allowed, f"{path} imports {top}, which pyproject.toml does not declare"
        used |= dict.fromkeys(names)
    assert declared(extra) - set(used) - set(STARTED_NOT_IMPORTED) == set()


def licence(found: Distribution) -> str:
    """What a package's metadata say of its licence, in a few words; "" for nothing."""
    said = found.metadata
    kinds = [c.split(" :: ")[-1] for c in said.get_all("Classifier") or [] if c.startswith("License :: OSI")]
    expression, free = ((said.get_all(name) or [""])[0] for name in ("License-Expression", "License"))
    return expression or ", ".join(kinds) or free.strip().split("\n")[0]


def test_every_package_has_a_licence_that_lets_us_use_it() -> None:
    """`make audit` prints the list."""
    listed = {name: licence(found) for name, found in sorted(needed().items())}
    for name, said in listed.items():
        print(f"{name:28}{constraints().get(name, '?'):16}{said}")
    assert {name: said for name, said in listed.items() if not LICENCES.search(said) or "GPL" in said} == LESSER_GPL
