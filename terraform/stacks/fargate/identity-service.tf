locals {
  # Who may take a role on. The account is named where the service allows it, so that no
  # other account's deployment can make the service use the role for it.
  trust = {
    for service in ["ecs-tasks", "codebuild", "codepipeline", "codedeploy"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [merge({
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "${service}.amazonaws.com" }
        }, contains(["ecs-tasks", "codebuild"], service) ? {
        Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
      } : {})]
    })
  }
}

# What ECS does to start a task: fetch the image, open the log.
resource "aws_iam_role" "execution" {
  name_prefix        = "${local.name}-start-"
  description        = "Starts the tasks of ${local.name}"
  assume_role_policy = local.trust["ecs-tasks"]
}

resource "aws_iam_role_policy" "execution" {
  name = "start-tasks"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Knows no resources.
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [aws_ecr_repository.app.arn]
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${local.log_group_arns.app}:*"]
      },
    ]
  })
}

# The application's own role. It asks AWS for nothing, so nothing is allowed.
resource "aws_iam_role" "task" {
  name_prefix        = "${local.name}-task-"
  description        = "The application of ${local.name}"
  assume_role_policy = local.trust["ecs-tasks"]
}

locals {
  # Written out: the provider's ARN of a log group ended in :* before version 4.
  log_group_arns = {
    app      = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.app.name}"
    pipeline = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.pipeline.name}"
  }
}
