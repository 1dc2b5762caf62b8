mock_provider "aws" {
  source = "./tests/mocks"
}

override_resource {
  target = aws_iam_role.execution
  values = { arn = "arn:aws:iam::123456789012:role/fargate-test-start" }
}

override_resource {
  target = aws_iam_role.task
  values = { arn = "arn:aws:iam::123456789012:role/fargate-test-task" }
}

variables {
  environment = "test"
  repository  = "team/amiable"
}

run "tests_before_it_builds_and_deploys" {
  assert {
    condition     = join(" ", aws_codepipeline.this.stage[*].name) == "Source Test Lint Build Deploy"
    error_message = "the stages should be in this order"
  }

  assert {
    condition = [for stage in slice(aws_codepipeline.this.stage, 1, 5) : "${stage.action[0].provider} ${stage.action[0].configuration.ProjectName} ${join("+", stage.action[0].input_artifacts)}"] == [
      "CodeBuild fargate-test-test Source",
      "CodeBuild fargate-test-lint Source",
      "CodeBuild fargate-test-build Source",
      "CodeBuild fargate-test-deploy Source+Image",
    ]
    error_message = "each stage should run its build on what it needs"
  }

  assert {
    condition     = aws_codepipeline.this.stage[3].action[0].output_artifacts == tolist(["Image"]) && aws_codepipeline.this.stage[4].action[0].configuration.PrimarySource == "Source"
    error_message = "what was built should be what is deployed"
  }

  assert {
    condition     = { for name, project in aws_codebuild_project.this : name => one(project.source).buildspec } == { for name in ["test", "lint", "build", "deploy"] : name => "infra/fargate/pipeline/${name}.yml" }
    error_message = "each build should do what its file in the repository says"
  }

  assert {
    condition     = [for name in sort(keys(aws_codebuild_project.this)) : name if one(aws_codebuild_project.this[name].environment).privileged_mode] == ["build"]
    error_message = "only the build of the image should be privileged"
  }

  assert {
    condition     = alltrue([for project in values(aws_codebuild_project.this) : one(project.source).location == null && one(project.artifacts).location == null])
    error_message = "CodePipeline should decide where sources and artifacts are"
  }
}

run "takes_its_source_with_a_token" {
  assert {
    condition = (
      aws_codepipeline.this.stage[0].action[0].owner == "ThirdParty" &&
      aws_codepipeline.this.stage[0].action[0].provider == "GitHub" &&
      aws_codepipeline.this.stage[0].action[0].configuration.OAuthToken == "handed-over-by-the-task-release" &&
      aws_codepipeline.this.stage[0].action[0].configuration.Owner == "team" &&
      aws_codepipeline.this.stage[0].action[0].configuration.Repo == "amiable" &&
      aws_codepipeline.this.stage[0].action[0].configuration.PollForSourceChanges == "true"
    )
    error_message = "a token should open the repository, and not be known to Terraform"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.pipeline.policy, "UseConnection")
    error_message = "no connection should be allowed where none is used"
  }
}

run "takes_its_source_through_a_connection" {
  variables {
    connection_arn = "arn:aws:codestar-connections:eu-west-1:123456789012:connection/00000000-0000-4000-8000-000000000001"
    deploy_on_push = false
    branch         = "release"
  }

  assert {
    condition = (
      aws_codepipeline.this.stage[0].action[0].provider == "CodeStarSourceConnection" &&
      aws_codepipeline.this.stage[0].action[0].configuration == tomap({
        ConnectionArn        = "arn:aws:codestar-connections:eu-west-1:123456789012:connection/00000000-0000-4000-8000-000000000001"
        FullRepositoryId     = "team/amiable"
        BranchName           = "release"
        DetectChanges        = "false"
        OutputArtifactFormat = "CODE_ZIP"
      })
    )
    error_message = "the connection should open the repository, and no token be there"
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.pipeline.policy).Statement : statement.Resource if strcontains(jsonencode(statement.Action), "UseConnection")] == [
      ["arn:aws:codestar-connections:eu-west-1:123456789012:connection/00000000-0000-4000-8000-000000000001"],
    ]
    error_message = "the pipeline should use this connection and no other"
  }
}

# Every right of every role, written out: whoever adds one has to add it here.
run "gives_each_role_what_it_needs" {
  variables {
    deployment = "blue-green"
  }

  assert {
    condition = jsonencode({
      for name, policy in output.policies : name => sort(flatten([for statement in jsondecode(policy).Statement : statement.Action]))
      }) == jsonencode({
      execution = [
        "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer",
        "logs:CreateLogStream", "logs:PutLogEvents",
      ]
      pipeline = [
        "codebuild:BatchGetBuilds", "codebuild:StartBuild",
        "s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject",
      ]
      test = ["logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:GetObjectVersion"]
      lint = ["logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:GetObjectVersion"]
      build = [
        "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
        "ecr:GetAuthorizationToken", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
        "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject",
      ]
      deploy = [
        "codedeploy:CreateDeployment", "codedeploy:GetApplicationRevision", "codedeploy:GetDeployment",
        "codedeploy:GetDeploymentConfig", "codedeploy:RegisterApplicationRevision",
        "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", "ecs:UpdateService",
        "iam:PassRole", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:GetObjectVersion",
      ]
      swap = [
        "ecs:CreateTaskSet", "ecs:DeleteTaskSet", "ecs:DescribeServices", "ecs:UpdateServicePrimaryTaskSet",
        "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:ModifyListener", "iam:PassRole",
      ]
    })
    error_message = "no role should have other rights than these"
  }

  # These know no resources, or have a condition in place of one.
  assert {
    condition = alltrue(flatten([
      for policy in values(output.policies) : [
        for statement in jsondecode(policy).Statement : [
          for action in statement.Action : !contains(statement.Resource, "*") || contains([
            "ecr:GetAuthorizationToken",
            "ecs:DescribeTaskDefinition",
            "ecs:RegisterTaskDefinition",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTargetGroups",
          ], action) || try(statement.Condition.ArnEquals["ecs:cluster"], "") == "arn:aws:ecs:eu-west-1:123456789012:cluster/fargate-test"
        ]
      ]
    ]))
    error_message = "everything else should be allowed on this stack's own resources only"
  }

  assert {
    condition = alltrue(flatten([
      for policy in values(output.policies) : [
        for statement in jsondecode(policy).Statement : [
          for resource in statement.Resource : resource == "*" || anytrue([for own in [
            "arn:aws:ecr:eu-west-1:123456789012:repository/fargate-test",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/fargate-test/",
            "arn:aws:s3:::fargate-test-artifacts-1",
            "arn:aws:codebuild:eu-west-1:123456789012:project/fargate-test-",
            "arn:aws:ecs:eu-west-1:123456789012:service/fargate-test/fargate-test",
            "arn:aws:iam::123456789012:role/fargate-test-start",
            "arn:aws:iam::123456789012:role/fargate-test-task",
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/fargate-test/",
            "arn:aws:codedeploy:eu-west-1:123456789012:deploymentgroup:fargate-test/fargate-test",
            "arn:aws:codedeploy:eu-west-1:123456789012:application:fargate-test",
            "arn:aws:codedeploy:eu-west-1:123456789012:deploymentconfig:CodeDeployDefault.ECSAllAtOnce",
          ] : startswith(resource, own)])
        ]
      ]
    ]))
    error_message = "no resource of others should be named"
  }

  assert {
    condition = alltrue(flatten([
      for policy in values(output.policies) : [
        for statement in jsondecode(policy).Statement : try(statement.Condition.StringEquals["iam:PassedToService"], "") == "ecs-tasks.amazonaws.com" && toset(statement.Resource) == toset([aws_iam_role.execution.arn, aws_iam_role.task.arn])
        if contains(statement.Action, "iam:PassRole")
      ]
    ]))
    error_message = "only the tasks' two roles should be passed on, and to ECS only"
  }

  assert {
    condition     = aws_ecs_task_definition.app.task_role_arn == aws_iam_role.task.arn && aws_ecs_task_definition.app.execution_role_arn == aws_iam_role.execution.arn
    error_message = "the application should have its own role, which allows nothing"
  }
}
