"""The wheel carries templates, static files and seeds, and works from any folder."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("funding", "optimizer")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(folder.glob("tributary-*.whl"))


def test_the_wheel_carries_what_the_site_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for wanted in (
        "funding/_assets/templates/base.html",
        "funding/_assets/static/css/tokens.css",
        "funding/_assets/static/vendor/htmx/htmx.min.js",
        "funding/_assets/seeds/proposals.json",
        "funding/migrations/versions/0001_first.py",
        "optimizer/model.py",
    ):
        assert wanted in names
    assert not any(name.startswith("tests/") for name in names)
    code = {str(path.relative_to(ROOT)) for top in PACKAGES for path in (ROOT / top).rglob("*.py")}
    assert code <= names


@pytest.mark.slow
def test_the_wheel_serves_the_demo_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """Installed beside the tests' own libraries, in an environment where nothing else is found."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=True, symlinks=True)
    python = home / "bin" / "python"
    installed = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(installed, check=True, capture_output=True)
    site = subprocess.run(
        [python, "-c", "import site; print(site.getsitepackages()[0])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    libraries = Path(pytest.__file__).parents[1]
    own = Path(site) / "libraries.pth"
    own.write_text(f"{libraries}\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TRIBUTARY_PORT": str(port),
        "TRIBUTARY_DATA": str(tmp_path / "data"),
        "TRIBUTARY_WEB_PROCESSES": "1",
    }
    tributary = home / "bin" / "tributary"
    shown = subprocess.run(
        [tributary, "demo"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert f"http://127.0.0.1:{port}" in shown
    assert "amara.osei@northlight.example" in shown
    where = subprocess.run(
        [python, "-c", "import funding; print(funding.__file__)"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert where.startswith(str(home)), "the checkout was imported, not the wheel"
    server = subprocess.Popen([tributary, "serve"], cwd=tmp_path, env=environment)
    try:
        assert _answer(server, f"http://127.0.0.1:{port}/healthz") == {"status": "ok"}
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/rounds/1") as page:
            assert "Common Ground Round 2026" in page.read().decode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/static/css/tokens.css") as sheet:
            assert sheet.status == 200
    finally:
        server.terminate()
        server.wait(timeout=60)


def _answer(server: subprocess.Popen[bytes], address: str) -> object:
    """What it says once it listens, which takes minutes where the machine has much else to do."""
    for _ in range(3000):
        try:
            with urllib.request.urlopen(address) as answer:
                return json.loads(answer.read())
        except OSError:
            assert server.poll() is None, f"it ended with {server.returncode}"
            time.sleep(0.2)
    raise AssertionError(f"{address} does not answer")
