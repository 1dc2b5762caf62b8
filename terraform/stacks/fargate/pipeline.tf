locals {
  owner_and_name = split("/", var.repository)

  # The provider keeps a token in the state as it is, so the pipeline gets its own after the
  # apply. AWS shows nobody which one it has: no plan takes it away.
  source = var.connection_arn != "" ? {
    owner    = "AWS"
    provider = "CodeStarSourceConnection"
    configuration = tomap({
      ConnectionArn        = var.connection_arn
      FullRepositoryId     = var.repository
      BranchName           = var.branch
      DetectChanges        = tostring(var.deploy_on_push)
      OutputArtifactFormat = "CODE_ZIP"
    })
    } : {
    owner    = "ThirdParty"
    provider = "GitHub"
    configuration = tomap({
      Owner                = local.owner_and_name[0]
      Repo                 = try(local.owner_and_name[1], "")
      Branch               = var.branch
      OAuthToken           = "handed-over-by-the-task-release"
      PollForSourceChanges = tostring(var.deploy_on_push)
    })
  }

  # After the source, in this order: stage => its build and what goes in and out of it.
  stages = [
    { name = "Test", build = "test", takes = ["Source"], makes = [] },
    { name = "Lint", build = "lint", takes = ["Source"], makes = [] },
    { name = "Build", build = "build", takes = ["Source"], makes = ["Image"] },
    { name = "Deploy", build = "deploy", takes = ["Source", "Image"], makes = [] },
  ]
}

resource "aws_codepipeline" "this" {
  name     = local.name
  role_arn = aws_iam_role.pipeline.arn

  artifact_store {
    type     = "S3"
    location = aws_s3_bucket.artifacts.bucket
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      category         = "Source"
      owner            = local.source.owner
      provider         = local.source.provider
      version          = "1"
      configuration    = local.source.configuration
      output_artifacts = ["Source"]
    }
  }

  dynamic "stage" {
    for_each = local.stages

    content {
      name = stage.value.name

      action {
        name             = stage.value.name
        category         = stage.value.build == "test" ? "Test" : "Build"
        owner            = "AWS"
        provider         = "CodeBuild"
        version          = "1"
        input_artifacts  = stage.value.takes
        output_artifacts = stage.value.makes

        configuration = merge(
          { ProjectName = aws_codebuild_project.this[stage.value.build].name },
          # Which of several inputs has the buildspec.
          length(stage.value.takes) > 1 ? { PrimarySource = "Source" } : {},
        )
      }
    }
  }

  depends_on = [aws_iam_role_policy.pipeline]

  lifecycle {
    # Here and not at the variable: a destroy needs no repository.
    precondition {
      condition     = var.repository != ""
      error_message = "The repository must be your copy of this project on GitHub, OWNER/NAME, for example by FARGATE_REPOSITORY in the environment."
    }
  }
}

resource "aws_iam_role" "pipeline" {
  name_prefix        = "${local.name}-pipeline-"
  description        = "The pipeline of ${local.name}"
  assume_role_policy = local.trust["codepipeline"]
}

resource "aws_iam_role_policy" "pipeline" {
  name = "pipeline"
  role = aws_iam_role.pipeline.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:GetBucketVersioning"]
        Resource = [aws_s3_bucket.artifacts.arn]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
        Resource = ["${aws_s3_bucket.artifacts.arn}/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild"]
        Resource = [for build in sort(keys(local.builds)) : aws_codebuild_project.this[build].arn]
      },
      ], var.connection_arn == "" ? [] : [
      {
        # The service was renamed, and its action with it.
        Effect   = "Allow"
        Action   = ["codestar-connections:UseConnection", "codeconnections:UseConnection"]
        Resource = [var.connection_arn]
      },
    ])
  })
}
