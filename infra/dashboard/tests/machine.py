"""A machine in a folder: the dashboard's programs, with a fake docker before the real one."""

import json
import os
import shlex
import subprocess
from pathlib import Path

TESTS = Path(__file__).resolve().parent
DASHBOARD = TESTS.parent
COMPOSE = "docker-compose.yml"


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    return subprocess.run(
        ["git", *identity, *args],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
        },
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ).stdout.strip()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


class Machine:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "opt"
        self.state = root / "state"
        self.fake = root / "docker"
        self.bin = root / "bin"
        self.remote = root / "remote"
        self.env_file = root / "instance.env"
        for folder in (
            self.home / "releases",
            self.state,
            self.fake,
            self.bin,
            self.remote,
        ):
            folder.mkdir(parents=True)
        (self.bin / "docker").symlink_to(TESTS / "fakes" / "docker")
        self.settings = {
            "DB_HOST": "db.invalid",
            "DB_PORT": "5432",
            "DB_NAME": "dashboard",
            "DB_USER": "postgres",
            "DB_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:none",
            "AWS_DEFAULT_REGION": "us-east-1",
            "APP_REPOSITORY": str(self.remote),
            "APP_BRANCH": "main",
        }
        self.write_settings()
        self.environment: dict[str, str] = {}
        self.set_docker(
            images={},
            services={},
            secrets={},
            contexts={},
            tasks=0,
            swarm="inactive",
            registry=[],
            build_fails=[],
            unhealthy=[],
            can_check=True,
        )
        self.make_app()

    def write_settings(self, **changes: str) -> None:
        self.settings |= changes
        lines = [
            f"{name}={shlex.quote(value)}\n" for name, value in self.settings.items()
        ]
        self.env_file.write_text("".join(lines), encoding="utf-8")

    def make_app(self) -> None:
        """The app of the real tree in a repository, and its first release as an image has it."""
        git(self.remote, "init", "--quiet", "--initial-branch=main")
        subprocess.run(["cp", "-R", f"{DASHBOARD / 'app'}/.", self.remote], check=True)
        commit = self.commit("first")
        git(
            self.root,
            "clone",
            "--quiet",
            "--bare",
            str(self.remote),
            str(self.home / "repository.git"),
        )
        release = self.home / "releases" / commit
        release.mkdir()
        subprocess.run(["cp", "-R", f"{DASHBOARD / 'app'}/.", release], check=True)
        (self.home / "current").symlink_to(f"releases/{commit}")

    def commit(self, message: str) -> str:
        git(self.remote, "add", "--all")
        git(self.remote, "commit", "--quiet", "--allow-empty", f"--message={message}")
        return git(self.remote, "rev-parse", "HEAD")

    def release(self, **versions: str) -> str:
        """Commits other versions: release(front="1.1.0")."""
        for app, version in versions.items():
            edit(
                self.remote / COMPOSE,
                f"image: dash-{app}:1.0.0",
                f"image: dash-{app}:{version}",
            )
        return self.commit(f"release {versions}")

    def boot_by_hand(self) -> None:
        """The state that dashboard-boot leaves, without its database and its secret."""
        self.set_docker(
            images={"dash-front:1.0.0": {}, "dash-back:1.0.0": {}},
            secrets={"aws_db-1": "password"},
            swarm="active",
        )
        (self.state / "secret").write_text("aws_db-1\n")
        done = self.run("dashboard-deploy", str(self.home / "current"))
        assert done.returncode == 0, done.stderr
        (self.fake / "calls").unlink()

    @property
    def current(self) -> str:
        return (self.home / "current").resolve().name

    @property
    def docker(self) -> dict:
        return json.loads((self.fake / "state.json").read_text(encoding="utf-8"))

    def set_docker(self, **changes: object) -> None:
        path = self.fake / "state.json"
        old = self.docker if path.exists() else {}
        path.write_text(json.dumps(old | changes), encoding="utf-8")

    def running(self) -> dict[str, list[str]]:
        """The images of each service's running tasks."""
        return {
            name: [
                task["Spec"]["ContainerSpec"]["Image"]
                for task in service["tasks"]
                if task["DesiredState"] == "running"
                and task["Status"]["State"] == "running"
            ]
            for name, service in self.docker["services"].items()
        }

    def calls(self, *start: str) -> list[list[str]]:
        path = self.fake / "calls"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        calls = [json.loads(line) for line in lines]
        return [call for call in calls if call[: len(start)] == list(start)]

    def run(self, program: str, *args: str) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [DASHBOARD / "host" / "bin" / program, *args],
            env={
                "PATH": f"{self.bin}:{os.environ['PATH']}",
                "HOME": str(self.root),
                "FAKE_DOCKER": str(self.fake),
                "DASHBOARD_HOME": str(self.home),
                "DASHBOARD_STATE": str(self.state),
                "DASHBOARD_ENV": str(self.env_file),
                "DASHBOARD_HOST_CA": str(self.root / "host-ca"),
                "DASHBOARD_HOST_PIP_CONF": str(self.root / "host-pip"),
                "DASHBOARD_RETRY_PAUSE": "0",
                "DASHBOARD_POLL_SECONDS": "0",
                "PYTHONDONTWRITEBYTECODE": "1",
                **self.environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )
        unexpected = self.fake / "unexpected"
        assert not unexpected.exists(), unexpected.read_text()
        return done
