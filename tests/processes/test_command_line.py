"""The command line, run as a person or a script would."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import cv2
import numpy as np
import pytest

from mnist_app.data import datasets
from mnist_app.imaging.normalize import normalize
from mnist_app.inference import Inference
from tests.support.handwriting import DIGITS, drawn
from tests.support.serving import ROOT

COMMAND = [sys.executable, "-m", "mnist_app"]


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for label in DIGITS:
        cv2.imwrite(str(folder / f"{label}.png"), 255 - drawn(label))
    test = datasets.load_test()
    for index in range(300):
        cv2.imwrite(str(folder / f"m{index:03}.png"), test.images[index])
    cross = 255 - 0 * drawn(1)
    cv2.line(cross, (60, 60), (220, 220), 0, 18)
    cv2.line(cross, (220, 60), (60, 220), 0, 18)
    cv2.imwrite(str(folder / "x.png"), cross)
    (folder / "text.png").write_text("no picture")
    cv2.imwrite(str(folder / "blank.png"), 255 - 0 * drawn(1))
    return folder


def test_each_picture_has_a_line(folder: Path) -> None:
    files = [folder / f"{label}.png" for label in DIGITS]
    result = run("classify", *files, folder / "x.png")
    assert result.returncode == 0
    assert result.stderr == ""
    *lines, letter = result.stdout.splitlines()
    for label, file, line in zip(DIGITS, files, lines, strict=True):
        assert line.startswith(f"{file}: {label} (")
    assert letter == f"{folder / 'x.png'}: no digit recognized"


def test_samples_are_a_picture(tmp_path: Path) -> None:
    file, again = tmp_path / "samples.png", tmp_path / "again.png"
    assert run("samples", "--output", file).returncode == 0
    picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture.shape == (13 * 56, 24 * 56)
    assert run("samples", "--output", again, "--seed", "1").returncode == 0
    assert again.read_bytes() == file.read_bytes()
    result = run("samples", "--output", tmp_path / "nowhere" / "samples.png")
    assert result.returncode == 1
    assert result.stderr.endswith("samples.png cannot be written: No such file or directory.\n")


def test_json_of_another_network_with_errors_among_many(folder: Path, inference: Inference) -> None:
    mnist = sorted(folder.glob("m*.png"))
    bad = [folder / "text.png", folder / "missing.png", folder, folder / "blank.png"]
    result = run("classify", "--json", "--network", "rnn", bad[0], *mnist, *bad[1:], mnist[0])
    assert result.returncode == 1
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert [o["file"] for o in objects] == [str(f) for f in (bad[0], *mnist, *bad[1:], mnist[0])]
    errors = [o for o in objects if "error" in o]
    assert [o["file"] for o in errors] == [str(file) for file in bad]
    assert all(set(o) == {"file", "error"} and o["error"].endswith(".") for o in errors)
    answers = [o for o in objects if "error" not in o][:300]
    assert all(set(o) == {"file", "digit", "confidence", "probabilities"} for o in answers)
    for answer in answers:
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert answer["confidence"] == max(answer["probabilities"])
        # Of one that looks like no digit it says so.
        assert answer["digit"] in (answer["probabilities"].index(answer["confidence"]), None)
    images = np.stack([normalize(one).image for one in datasets.load_test().images[:300]])
    found = np.array([answer["probabilities"] for answer in answers])
    assert found == pytest.approx(inference.probabilities(images, "rnn"), abs=1e-5)
    assert found != pytest.approx(inference.probabilities(images, "cnn"), abs=1e-2)
    labels = datasets.load_test().labels[:300]
    right = sum(o["digit"] == label for o, label in zip(answers, labels, strict=True))
    assert right >= 290


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["classify"],
        ["classify", "--network", "nobody", "x.png"],
        ["train", "--epochs", "0"],
        ["train", "--images", "300000"],
        ["train", "--augmentation", "varied"],
        ["sing"],
        ["samples", "--seed", "-1"],
        ["samples", "--seed", "seven"],
        ["train", "--seed", "9" * 5000],
    ],
)
def test_wrong_arguments_are_explained(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert "usage" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert len(result.stderr) < 500


def test_when_nobody_reads_on_it_ends_at_once(folder: Path) -> None:
    command = [*COMMAND, "classify", *[str(folder / "text.png")] * 3000]
    with subprocess.Popen(command, cwd=ROOT, stdout=PIPE, stderr=PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == "Not all could be printed: it was closed.\n"
    assert running.returncode == 141


@pytest.mark.parametrize("arguments", [["classify", "text.png"], ["--help"]])
def test_a_full_disk_is_told(folder: Path, arguments: list[str]) -> None:
    command = [*COMMAND, *(str(folder / one) if ".png" in one else one for one in arguments)]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(command, cwd=ROOT, stdout=full, stderr=PIPE, text=True, check=False)
    assert result.stderr == "Not all could be printed: No space left on device.\n"
    assert result.returncode == 1


def expect_one_line(command: list[str], environment: dict[str, str], after: int) -> None:
    """Press Ctrl+C after some lines on standard output or error, perhaps within the next one."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        for _ in range(after):
            running.stdout.readline()
        os.killpg(running.pid, signal.SIGINT)
        try:
            rest, _ = running.communicate(timeout=60)
        finally:
            running.kill()
    assert running.returncode == 130
    assert rest.endswith("Interrupted.\n")
    assert "Traceback" not in rest


def test_ctrl_c_ends_a_command_with_one_line(folder: Path) -> None:
    files = sorted(map(str, folder.glob("m*.png")))
    command = [*COMMAND, "classify", *files, *files]
    expect_one_line(command, {}, after=1)


def test_ctrl_c_takes_a_run_out_of_the_queue(tmp_path: Path) -> None:
    home = {"MNIST_APP_HOME": str(tmp_path), "MNIST_APP_TRAINERS": "0"}
    command = [*COMMAND, "train", "--preset", "quick"]
    expect_one_line(command, home, after=2)
    with closing(sqlite3.connect(tmp_path / "store.sqlite3")) as store:
        assert store.execute("SELECT status FROM runs").fetchall() == [("stopped",)]


def test_names_of_files_cannot_steer_the_terminal(folder: Path, tmp_path: Path) -> None:
    named = tmp_path / "\x1b[2J\n\u202e\udcff.png"
    shutil.copy(folder / "text.png", named)
    result = run("classify", named, f"{named}.missing")
    shown = f"{tmp_path}/\\x1b[2J\\n\\u202e\\udcff.png"
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{shown}: ")
    assert second.startswith(f"{shown}.missing: The file cannot be read")
    for arguments in (["evaluate", "--strokes", named], ["samples", "--output", named / "x"]):
        result = run(*arguments)
        assert result.returncode == 1
        assert result.stderr.startswith(shown)
        assert len(result.stderr.splitlines()) == 1
