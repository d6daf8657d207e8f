"""What deploy/kubernetes promises: valid by Kubernetes' own schemas, each shard once, no rights, no secret in it."""

import subprocess
from shutil import which
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cli.run import parse_shards
from cli.settings import Settings
from tests.deploy.files import KUBERNETES, Document, read_kubernetes

DOCUMENTS = read_kubernetes()
OWN_KINDS = [document for document in DOCUMENTS if document["kind"] != "ServiceMonitor"]
OLDEST, NEWEST = "1.28", "1.37"
"""Of the versions that pass: before the oldest, pods had no label that says their number."""


def named(document: Document) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


def of(kind: str, name: str) -> Document:
    return next(d for d in DOCUMENTS if named(d) == f"{kind}/{name}")


def pods() -> dict[str, Document]:
    """Give the pod templates by the name of what makes them."""
    return {named(d): d["spec"]["template"] for d in DOCUMENTS if d["kind"] in ("Job", "Deployment", "StatefulSet")}


def fits(selector: Document, labels: Document) -> bool:
    wanted: Document = selector.get("matchLabels", selector)
    return bool(wanted) and wanted.items() <= labels.items()


every_pod = pytest.mark.parametrize("name", pods())


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("document", OWN_KINDS, ids=named)
def test_the_schema_takes_it(document: Document, version: str) -> None:
    kubernetes_validate.validate(document, version, strict=True)


def test_the_schema_would_refuse_a_typing_error() -> None:
    wrong = {**OWN_KINDS[0], "spce": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, OLDEST, strict=True)


def test_every_file_is_named_by_the_kustomization() -> None:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    assert {*kustomization["resources"], "kustomization.yaml"} == {path.name for path in KUBERNETES.iterdir()}


def test_kubectl_puts_it_together() -> None:
    if which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    command = ["kubectl", "kustomize", str(KUBERNETES)]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    documents = list(yaml.safe_load_all(made))
    assert sorted(map(named, documents)) == sorted(map(named, DOCUMENTS))
    images = {c["image"] for d in documents for c in _containers(d)}
    assert images == {"registry.example.com/tidegauge:0.1.0"}
    assert all(d["metadata"].get("namespace") == "tidegauge" for d in documents if d["kind"] != "Namespace")


def _containers(document: Document) -> list[Document]:
    found: list[Document] = document.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])
    return found


@every_pod
def test_it_has_no_rights(name: str) -> None:
    spec = pods()[name]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"requests", "limits"} <= set(container["resources"])


@every_pod
def test_secrets_are_files_that_few_may_read(name: str) -> None:
    spec = pods()[name]["spec"]
    secrets = [volume["secret"] for volume in spec["volumes"] if "secret" in volume]
    assert secrets
    # A key that everybody may read is refused at the start.
    assert all(secret["defaultMode"] == 0o440 for secret in secrets)
    for container in spec["containers"]:
        assert all("secretKeyRef" not in str(variable) for variable in container.get("env", []))
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        templates = {"data"} if name.startswith("StatefulSet") else set()
        assert mounted == {volume["name"] for volume in spec["volumes"]} | templates


def test_no_secret_is_in_it() -> None:
    assert "Secret" not in {document["kind"] for document in DOCUMENTS}
    data = of("ConfigMap", "tidegauge-settings")["data"]
    assert not [name for name in data if "PASSWORD" in name and not name.endswith("_FILE")]


def test_every_setting_is_one_and_they_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    data: dict[str, str] = of("ConfigMap", "tidegauge-settings")["data"]
    for template in pods().values():
        own = {v["name"]: v["value"] for c in template["spec"]["containers"] for v in c.get("env", []) if "value" in v}
        settings = {name: value for name, value in (data | own).items() if name.startswith("TIDEGAUGE_")}
        assert {name.removeprefix("TIDEGAUGE_").lower() for name in settings} <= Settings.model_fields.keys()
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        config = Settings()
        assert config.kafka_security_protocol == "SASL_SSL"
        assert config.clickhouse_url.startswith("https://")


@every_pod
def test_files_that_settings_name_are_mounted_where_they_are_used(name: str) -> None:
    data: dict[str, str] = of("ConfigMap", "tidegauge-settings")["data"]
    spec = pods()[name]["spec"]
    (container,) = spec["containers"]
    paths = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    files = {
        f"{paths[v['name']]}/{item['path']}" for v in spec["volumes"] if "secret" in v for item in v["secret"]["items"]
    }
    own = {variable.get("value", "") for variable in container.get("env", [])}
    wanted = {path for path in (*data.values(), *own) if path.startswith("/run/secrets/")}
    needs = {"Job/tidegauge-topics": ("kafka",), "StatefulSet/tidegauge-shards": ("kafka", "clickhouse", "pseudonym")}
    services = needs.get(name, ("clickhouse",))
    assert files == {path for path in wanted if path.split("/")[3] in services}


def test_every_shard_runs_once() -> None:
    spec = of("StatefulSet", "tidegauge-shards")["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    shard = next(variable for variable in container["env"] if variable["name"] == "SHARD")
    path = shard["valueFrom"]["fieldRef"]["fieldPath"]
    assert path == "metadata.labels['apps.kubernetes.io/pod-index']"
    # As Kubernetes does: what $(SHARD) stands for is put in before the process is started.
    started = [parse_shards(container["args"][2].replace("$(SHARD)", str(pod))) for pod in range(spec["replicas"])]
    assert started == [([pod], spec["replicas"]) for pod in range(spec["replicas"])]
    assert spec["volumeClaimTemplates"][0]["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] >= 60
    topics = pods()["Job/tidegauge-topics"]["spec"]["containers"][0]["args"]
    assert int(topics[topics.index("--partitions") + 1]) % spec["replicas"] == 0


@pytest.mark.parametrize("name", [name for name in pods() if not name.startswith("Job/")])
def test_probes_ask_the_right_pages(name: str) -> None:
    (container,) = pods()[name]["spec"]["containers"]
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {kind: probe["path"] for kind, probe in asked.items()} == {
        "startup": "/livez",
        # A store that is away makes a shard not ready; being started again would not help it.
        "liveness": "/livez",
        "readiness": "/readyz",
    }
    assert {probe["port"] for probe in asked.values()} == {"metrics"} == {port["name"] for port in container["ports"]}


def test_selectors_find_what_they_are_for() -> None:
    templates = [template["metadata"]["labels"] for template in pods().values()]
    for document in DOCUMENTS:
        kind, spec = document["kind"], document.get("spec", {})
        if kind in ("Service", "PodDisruptionBudget", "StatefulSet", "Deployment"):
            assert sum(fits(spec["selector"], labels) for labels in templates) == 1, named(document)
        if kind == "NetworkPolicy":
            assert all(fits(spec["podSelector"], labels) for labels in templates)
            assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
        if kind == "ServiceMonitor":
            services = [
                d for d in DOCUMENTS if d["kind"] == "Service" and fits(spec["selector"], d["metadata"]["labels"])
            ]
            (service,) = services
            assert {e["port"] for e in spec["endpoints"]} == {port["name"] for port in service["spec"]["ports"]}


def test_services_lead_to_the_ports_of_their_pods() -> None:
    for document in DOCUMENTS:
        if document["kind"] == "Service":
            name = document["metadata"]["name"]
            (pod,) = [t for key, t in pods().items() if key.endswith(f"/{name}")]
            ports: dict[str, Any] = {p["name"]: p["containerPort"] for p in pod["spec"]["containers"][0]["ports"]}
            assert {p["targetPort"]: p["port"] for p in document["spec"]["ports"]} == ports


def test_only_one_shard_may_be_taken_away_at_a_time() -> None:
    assert of("PodDisruptionBudget", "tidegauge-shards")["spec"]["maxUnavailable"] == 1
