"""The task that readies a deployment for its destroy, against an emulated AWS that is full."""

import os
from collections.abc import Callable

import pytest
from conftest import environment, run
from scripted import Scripted

# More than one call removes.
OBJECTS = 1005
IMAGES = 105


class Deployment:
    """What Terraform and the pipeline leave of an environment, as far as `empty` is concerned."""

    def __init__(self, client: Callable[[str], object], name: str) -> None:
        self.environment = name
        self.name = f"fargate-{name}"
        self.ecs, self.ecr, self.s3 = client("ecs"), client("ecr"), client("s3")
        self.ec2, self.scaling = client("ec2"), client("application-autoscaling")
        self.bucket = f"{self.name}-artifacts-{os.urandom(6).hex()}"

    def make(self) -> None:
        self.ecs.create_cluster(clusterName=self.name)
        self.register("registry/app:named-by-the-pipeline")
        subnet = self.ec2.describe_subnets()["Subnets"][0]
        self.network = {"awsvpcConfiguration": {"subnets": [subnet["SubnetId"]]}}
        group = self.ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        self.network["awsvpcConfiguration"]["securityGroups"] = [group]
        self.ecs.create_service(
            cluster=self.name,
            serviceName=self.name,
            taskDefinition=self.name,
            desiredCount=3,
            launchType="FARGATE",
            networkConfiguration=self.network,
        )
        self.scaling.register_scalable_target(
            **self.scaled, MinCapacity=2, MaxCapacity=6
        )
        self.ecr.create_repository(repositoryName=self.name)
        self.s3.create_bucket(Bucket=self.bucket)
        tags = {"Stack": "fargate", "Environment": self.environment}
        tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.s3.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": tag_set})

    @property
    def scaled(self) -> dict:
        return {
            "ServiceNamespace": "ecs",
            "ResourceId": f"service/{self.name}/{self.name}",
            "ScalableDimension": "ecs:service:DesiredCount",
        }

    def register(self, image: str) -> str:
        container = {"name": "app", "image": image, "memory": 128}
        return self.ecs.register_task_definition(
            family=self.name, containerDefinitions=[container]
        )["taskDefinition"]["taskDefinitionArn"]

    def run_tasks(self, count: int) -> None:
        for _ in range(count):
            self.ecs.run_task(
                cluster=self.name,
                taskDefinition=self.name,
                launchType="FARGATE",
                networkConfiguration=self.network,
            )

    def push(self, count: int) -> None:
        for number in range(count):
            manifest = '{"schemaVersion": 2, "config": {"digest": "sha256:%064x"}}'
            self.ecr.put_image(
                repositoryName=self.name,
                imageManifest=manifest % number,
                imageManifestMediaType=(
                    "application/vnd.docker.distribution.manifest.v2+json"
                ),
                imageTag=f"commit-{number}",
            )

    def fill_bucket(self, count: int) -> None:
        self.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        for number in range(count - 2):
            key = f"fargate/Source/{number}"
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"zip")
        self.s3.put_object(Bucket=self.bucket, Key="fargate/Source/0", Body=b"again")
        self.s3.delete_object(Bucket=self.bucket, Key="fargate/Source/1")
        self.s3.create_multipart_upload(Bucket=self.bucket, Key="unfinished")

    def running(self) -> list[str]:
        return self.ecs.list_tasks(cluster=self.name, desiredStatus="RUNNING")[
            "taskArns"
        ]

    def images(self) -> list[dict]:
        return self.ecr.list_images(repositoryName=self.name)["imageIds"]

    def versions(self) -> int:
        found = self.s3.list_object_versions(Bucket=self.bucket)
        return len(found.get("Versions", [])) + len(found.get("DeleteMarkers", []))

    def desired(self) -> int:
        found = self.ecs.describe_services(cluster=self.name, services=[self.name])
        return found["services"][0]["desiredCount"]


@pytest.fixture
def deployment(client: Callable[[str], object]) -> Deployment:
    made = Deployment(client, f"t{os.urandom(4).hex()}")
    made.make()
    return made


@pytest.fixture
def env(aws: str, scripted: Scripted) -> dict[str, str]:
    """The emulator, but for CodePipeline's runs, which it does not know."""
    scripted.answer("ListPipelineExecutions", {"pipelineExecutionSummaries": []})
    return environment(
        aws, AWS_ENDPOINT_URL_CODEPIPELINE=scripted.url, EMPTY_PAUSE="0.1"
    )


def test_a_full_deployment_is_emptied(
    deployment: Deployment, env: dict[str, str]
) -> None:
    deployment.run_tasks(4)
    deployment.push(IMAGES)
    deployment.fill_bucket(OBJECTS)
    mine = deployment.register("registry/app@sha256:" + "1" * 64)
    assert len(deployment.running()) == 4
    done = run("tasks/empty", deployment.environment, env=env)
    assert done.returncode == 0, done.stdout
    assert deployment.running() == [] and deployment.desired() == 0
    assert deployment.images() == []
    assert deployment.versions() == 0
    uploads = deployment.s3.list_multipart_uploads(Bucket=deployment.bucket)
    assert "Uploads" not in uploads
    (target,) = deployment.scaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[deployment.scaled["ResourceId"]]
    )["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 0)
    left = deployment.ecs.list_task_definitions(familyPrefix=deployment.name)
    assert mine not in left["taskDefinitionArns"]
    assert len(left["taskDefinitionArns"]) == 1
    # What Terraform does next is possible now.
    deployment.ecs.delete_service(cluster=deployment.name, service=deployment.name)
    deployment.ecr.delete_repository(repositoryName=deployment.name)
    deployment.s3.delete_bucket(Bucket=deployment.bucket)


def test_what_goes_is_said_before_it_goes(
    deployment: Deployment, env: dict[str, str]
) -> None:
    deployment.run_tasks(2)
    deployment.push(3)
    deployment.fill_bucket(5)
    lines = run("tasks/empty", deployment.environment, env=env).stdout.splitlines()
    announced = [
        f"to be stopped: 2 tasks of the cluster {deployment.name}",
        "to be removed: 0 task definitions of the pipeline",
        f"to be removed: 3 images in the repository {deployment.name}",
        f"to be removed: 5 objects in the bucket {deployment.bucket}",
    ]
    assert lines[:4] == announced
    assert lines[4] == f"scaled the service {deployment.name} to zero"
    assert sum(line.startswith("stopping the task ") for line in lines) == 2


def test_it_may_be_run_again(deployment: Deployment, env: dict[str, str]) -> None:
    for _ in range(2):
        done = run("tasks/empty", deployment.environment, env=env)
        assert done.returncode == 0, done.stdout
        assert "repository and bucket are empty" in done.stdout


def test_nothing_there_is_nothing_to_do(env: dict[str, str]) -> None:
    done = run("tasks/empty", "nowhere", env=env)
    assert done.returncode == 0, done.stdout
    assert "0 tasks" in done.stdout and "0 images" in done.stdout


def test_other_deployments_are_left_alone(
    client: Callable[[str], object], deployment: Deployment, env: dict[str, str]
) -> None:
    """Those whose names begin alike, and buckets that only are called so."""
    other = Deployment(client, f"{deployment.environment}2")
    other.make()
    other.push(1)
    other.fill_bucket(5)
    # The emulator lists the tasks of clusters whose names begin alike as one's own.
    third = Deployment(client, f"other{deployment.environment}")
    third.make()
    third.run_tasks(1)
    other.register("registry/app@sha256:" + "2" * 64)
    foreign = f"{deployment.name}-artifacts-foreign"
    other.s3.create_bucket(Bucket=foreign)
    other.s3.put_object(Bucket=foreign, Key="precious", Body=b"x")
    done = run("tasks/empty", deployment.environment, env=env)
    assert done.returncode == 0, done.stdout
    assert len(third.running()) == 1 and third.desired() == 3
    assert len(other.images()) == 1 and other.desired() == 3
    assert other.versions() == 5
    found = other.ecs.list_task_definitions(familyPrefix=other.name)
    assert len(found["taskDefinitionArns"]) == 2
    kept = other.s3.get_object(Bucket=foreign, Key="precious")
    assert kept["Body"].read() == b"x"


def test_runs_of_the_pipeline_are_stopped_first(
    deployment: Deployment, env: dict[str, str], scripted: Scripted
) -> None:
    summaries = [
        {
            "pipelineExecutionId": "11111111-1111-4111-8111-111111111111",
            "status": "InProgress",
        },
        {
            "pipelineExecutionId": "22222222-2222-4222-8222-222222222222",
            "status": "Succeeded",
        },
    ]
    scripted.answer("ListPipelineExecutions", {"pipelineExecutionSummaries": summaries})
    scripted.answer("StopPipelineExecution", {"pipelineExecutionId": "1"})
    done = run("tasks/empty", deployment.environment, env=env)
    assert done.returncode == 0, done.stdout
    (asked,) = scripted.requests("StopPipelineExecution")
    assert asked["pipelineExecutionId"] == summaries[0]["pipelineExecutionId"]
    assert asked["abandon"] is True and asked["pipelineName"] == deployment.name


def test_codedeploy_is_stopped_before_the_service_is_scaled(
    deployment: Deployment, env: dict[str, str], scripted: Scripted
) -> None:
    env["AWS_ENDPOINT_URL_CODEDEPLOY"] = scripted.url
    scripted.answer("ListDeployments", {"deployments": ["d-ABCDEFGHI"]})
    scripted.answer("StopDeployment", {"status": "Pending"})
    done = run("tasks/empty", deployment.environment, env=env)
    assert done.returncode == 0, done.stdout
    (asked,) = scripted.requests("StopDeployment")
    assert asked["deploymentId"] == "d-ABCDEFGHI"
    before, after = done.stdout.split("stopping CodeDeploy's deployment d-ABCDEFGHI")
    assert "scaled" not in before and "scaled the service" in after


def test_in_the_sandbox_no_pipeline_is_asked_for(
    client: Callable[[str], object], aws: str
) -> None:
    """And its builds go here, as the emulator does not understand how Terraform deletes them."""
    sandbox = Deployment(client, "sandbox")
    sandbox.make()
    sandbox.run_tasks(1)
    builds = client("codebuild")
    place = {"type": "CODEPIPELINE", "location": "x"}
    kind = {"type": "LINUX_CONTAINER", "computeType": "BUILD_GENERAL1_SMALL"}
    for name in ("fargate-sandbox-test", "fargate-dev-test"):
        builds.create_project(
            name=name,
            source=place,
            artifacts=place,
            environment=kind | {"image": "aws/codebuild/standard:7.0"},
            serviceRole="arn:aws:iam::123456789012:role/build",
        )
    done = run("tasks/empty", "sandbox", env=environment(aws, EMPTY_PAUSE="0.1"))
    assert done.returncode == 0, done.stdout
    assert "runs no pipeline" in done.stdout and sandbox.running() == []
    assert builds.list_projects()["projects"] == ["fargate-dev-test"]


def test_an_aws_that_does_not_answer_fails(env: dict[str, str]) -> None:
    broken = {**env, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    done = run("tasks/empty", "prod", env=broken)
    assert done.returncode == 1 and "repository and bucket" not in done.stdout


def test_says_how_it_is_used(env: dict[str, str]) -> None:
    done = run("tasks/empty", env=env)
    assert (done.returncode, done.stdout) == (2, "usage: empty ENVIRONMENT\n")
