"""The pipelines: their stages in order, the commands they share, and the smoke test."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml
from conftest import free_port, insight
from machine import INSIGHT, Machine

PIPELINE = INSIGHT / "pipeline"
SMOKE = PIPELINE / "smoke"
JENKINSFILE = (PIPELINE / "Jenkinsfile").read_text()
WORKFLOW = yaml.safe_load((PIPELINE / "github-actions.yml").read_text())
STAGES = ["build", "deploy-to-staging", "testing", "approval", "deploy-to-production"]


def commands(text: str) -> list[str]:
    return re.findall(r"\./run [^|\"')\n]*[^|\"')\n ]", text)


def workflow_steps(job: str) -> list[dict]:
    return [step for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]


def test_jenkins_goes_through_the_stages_in_order() -> None:
    assert re.findall(r"stage\('([a-z-]+)'\)", JENKINSFILE) == STAGES
    assert JENKINSFILE.index("input message") < JENKINSFILE.index("--env prod --yes")
    assert JENKINSFILE.count("{") == JENKINSFILE.count("}")


def test_github_goes_through_the_stages_in_order() -> None:
    names = [
        step["name"]
        for job in ("staging", "production")
        for step in workflow_steps(job)
    ]
    assert names == [
        "build",
        "deploy-to-staging",
        "testing",
        "deploy-to-production",
        "test-production",
    ]
    # The approval is that of the environment, which the job waits for.
    production = WORKFLOW["jobs"]["production"]
    assert (production["needs"], production["environment"]) == ("staging", "production")


def test_both_use_the_same_commands() -> None:
    workflow = "\n".join(
        step["run"] for job in ("staging", "production") for step in workflow_steps(job)
    )
    jenkins = [
        one
        for one in commands(JENKINSFILE)
        if "report show" not in one and " plan " not in one
    ]
    assert commands(workflow) == jenkins and len(jenkins) == 5


def smoke(url: str) -> tuple[int, str]:
    done = subprocess.run(
        [SMOKE, url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    return done.returncode, done.stdout


def test_smoke_of_a_good_deployment(
    app_environment: Path, database: Machine, serve: Callable[[object], int]
) -> None:
    url = f"http://127.0.0.1:{serve(insight.create_app())}/"
    assert smoke(url) == (
        0,
        f"{url[:-1]}: the page, its web server and its database answer\n",
    )
    with database.connect() as connection:
        ((text,),) = connection.execute("SELECT text FROM notes").fetchall()
    assert text.startswith("smoke ")


def test_smoke_of_a_bad_one(
    app_environment: Path, database: Machine, serve: Callable[[object], int]
) -> None:
    url = f"http://127.0.0.1:{serve(insight.create_app())}"
    database.stop_postgres()
    assert smoke(url) == (1, f"{url}: the page answers 503\n")
    database.start_postgres()
    # Reads, but does not write.
    database.administer("ALTER ROLE insight SET default_transaction_read_only = on")
    try:
        code, output = smoke(url)
        assert code == 1 and "answers 503" in output
    finally:
        database.administer("ALTER ROLE insight RESET default_transaction_read_only")
    code, output = smoke(f"http://127.0.0.1:{free_port()}")
    assert (code, "nobody answers" in output) == (1, True)
