"""What is deployed elsewhere and cannot run here: that it can be read, and what it promises."""

import re
from typing import Any

import pytest
import yaml

from mnist_app import limits
from tests.support.serving import ROOT

FOLDER = ROOT / "mnist_app" / "deployment"
SERVICES: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
PARTS = list(yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text()))
PODS = [part for part in PARTS if "template" in part["spec"]]
OWN = {"replica", "scheduler", "worker"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_limits_and_health(name: str) -> None:
    service = SERVICES[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert "healthcheck" in service or name == "replica"  # that of the image
    if name in OWN:
        assert service["read_only"]
        assert service["volumes"] == ["data:/data"]
        assert service["image"] == "mnist-lab"


@pytest.mark.parametrize("pod", PODS, ids=lambda pod: pod["metadata"]["name"])
def test_each_pod_has_limits_and_health_and_no_rights(pod: Any) -> None:  # noqa: ANN401
    spec = pod["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    assert "livenessProbe" in container
    assert pod["spec"]["selector"]["matchLabels"] == pod["spec"]["template"]["metadata"]["labels"]


def test_who_is_stopped_has_time_to_drain() -> None:
    settings = SERVICES["replica"]["environment"]
    seconds = int(settings[limits.DRAIN_SECONDS.variable])
    assert SERVICES["replica"]["stop_grace_period"] == f"{(seconds + 60) // 60}m"
    [pod] = [pod for pod in PODS if pod["metadata"]["name"] == "replica"]
    assert pod["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == seconds + 60


def test_all_know_the_same_names_and_ports() -> None:
    known = {one.variable for one in vars(limits).values() if hasattr(one, "variable")}
    known |= {"MNIST_APP_HOME", "MNIST_APP_STORE", "MNIST_APP_CLUSTER"}
    for file in ("compose.yaml", "kubernetes.yaml", "Dockerfile"):
        named = re.findall(r"\b(MNIST_APP_[A-Z_]+)\b", (FOLDER / file).read_text())
        assert set(named) <= known
    proxy = (FOLDER / "haproxy.cfg").read_text()
    assert '"${REPLICAS-replica}":8501' in proxy
    assert "--server.port=8501" in (FOLDER / "Dockerfile").read_text()
    assert {part["metadata"]["name"] for part in PODS} == set(SERVICES)


def test_the_image_holds_all_that_the_server_needs() -> None:
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (FOLDER / "Dockerfile").read_text(), re.M)
    allowed = (FOLDER / "Dockerfile.dockerignore").read_text()
    for path in " ".join(copied).split():
        assert (ROOT / path).exists()
        assert f"!{path.split('/')[0]}" in allowed
