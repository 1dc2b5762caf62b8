resource "aws_cloudwatch_log_group" "pipeline" {
  name              = "/${local.name}/pipeline"
  retention_in_days = var.log_retention_in_days
}

locals {
  # The pipeline's builds, each with what it may do beyond reading its input and writing its
  # log, and with what it is told.
  builds = {
    test = {
      description = "Unit tests of the application"
      rights      = []
      told        = {}
    }

    lint = {
      description = "flake8 and black over the application"
      rights      = []
      told        = {}
    }

    build = {
      description = "The application's image, built and pushed"
      told = {
        BASE_IMAGE     = var.base_image
        REPOSITORY_URI = aws_ecr_repository.app.repository_url
      }
      rights = [
        {
          # Knows no resources.
          Effect   = "Allow"
          Action   = ["ecr:GetAuthorizationToken"]
          Resource = ["*"]
        },
        {
          Effect = "Allow"
          Action = [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:DescribeImages",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
          ]
          Resource = [aws_ecr_repository.app.arn]
        },
        {
          Effect   = "Allow"
          Action   = ["s3:PutObject"]
          Resource = ["${aws_s3_bucket.artifacts.arn}/*"]
        },
      ]
    }

    deploy = {
      description = "The new image in place of the one before"
      told = {
        CLUSTER          = aws_ecs_cluster.this.name
        SERVICE          = aws_ecs_service.app.name
        TASK_FAMILY      = aws_ecs_task_definition.app.family
        MIN_TASKS        = tostring(var.min_tasks)
        DEPLOYMENT       = var.deployment
        CODEDEPLOY_APP   = local.blue_green ? aws_codedeploy_app.this[0].name : ""
        CODEDEPLOY_GROUP = local.blue_green ? aws_codedeploy_deployment_group.this[0].deployment_group_name : ""
      }
      rights = concat([
        {
          # Task definitions are described and registered in all families or in none; what a
          # new one may run as is limited below.
          Effect   = "Allow"
          Action   = ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]
          Resource = ["*"]
        },
        {
          Effect   = "Allow"
          Action   = ["ecs:DescribeServices", "ecs:UpdateService"]
          Resource = [aws_ecs_service.app.id]
        },
        {
          Effect    = "Allow"
          Action    = ["iam:PassRole"]
          Resource  = [aws_iam_role.execution.arn, aws_iam_role.task.arn]
          Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
        },
      ], local.blue_green_rights)
    }
  }

  # What every build may do.
  build_rights = [
    {
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["${local.log_group_arns.pipeline}:*"]
    },
    {
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion"]
      Resource = ["${aws_s3_bucket.artifacts.arn}/*"]
    },
  ]
}

resource "aws_iam_role" "build" {
  for_each = local.builds

  name_prefix        = "${local.name}-${each.key}-"
  description        = "${each.value.description} for ${local.name}"
  assume_role_policy = local.trust["codebuild"]
}

resource "aws_iam_role_policy" "build" {
  for_each = local.builds

  name = each.key
  role = aws_iam_role.build[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([for right in local.build_rights : right], [for right in each.value.rights : right])
  })
}

resource "aws_codebuild_project" "this" {
  for_each = local.builds

  name          = "${local.name}-${each.key}"
  description   = each.value.description
  service_role  = aws_iam_role.build[each.key].arn
  build_timeout = each.key == "deploy" ? 60 : 20

  source {
    type      = "CODEPIPELINE"
    buildspec = "${var.pipeline_folder}/${each.key}.yml"
    location  = var.project_location
  }

  artifacts {
    type     = "CODEPIPELINE"
    location = var.project_location
  }

  environment {
    type         = "LINUX_CONTAINER"
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = var.build_image

    # Docker's engine, which makes the image, needs it; nothing else does.
    privileged_mode = each.key == "build"

    dynamic "environment_variable" {
      for_each = each.value.told

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name  = aws_cloudwatch_log_group.pipeline.name
      stream_name = each.key
    }
  }

  # A build without its rights fails, and its pipeline with it.
  depends_on = [aws_iam_role_policy.build]
}
