# Blue-green deployments: CodeDeploy starts the next version beside the one that serves, and
# lets requests go to the other target group when it is healthy.

locals {
  codedeploy_arn = "arn:${local.partition}:codedeploy:${local.region}:${local.account_id}"

  # What the build `deploy` may do with CodeDeploy.
  blue_green_rights = local.blue_green ? [
    {
      Effect   = "Allow"
      Action   = ["codedeploy:CreateDeployment", "codedeploy:GetDeployment"]
      Resource = ["${local.codedeploy_arn}:deploymentgroup:${local.name}/${local.name}"]
    },
    {
      Effect   = "Allow"
      Action   = ["codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision"]
      Resource = ["${local.codedeploy_arn}:application:${local.name}"]
    },
    {
      Effect   = "Allow"
      Action   = ["codedeploy:GetDeploymentConfig"]
      Resource = ["${local.codedeploy_arn}:deploymentconfig:CodeDeployDefault.ECSAllAtOnce"]
    },
  ] : []
}

resource "aws_codedeploy_app" "this" {
  count = local.blue_green ? 1 : 0

  name             = local.name
  compute_platform = "ECS"
}

resource "aws_codedeploy_deployment_group" "this" {
  count = local.blue_green ? 1 : 0

  app_name               = aws_codedeploy_app.this[0].name
  deployment_group_name  = local.name
  deployment_config_name = "CodeDeployDefault.ECSAllAtOnce"
  service_role_arn       = aws_iam_role.codedeploy[0].arn

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE"]
  }

  blue_green_deployment_config {
    deployment_ready_option {
      action_on_timeout = "CONTINUE_DEPLOYMENT"
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = var.blue_minutes
    }
  }

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  ecs_service {
    cluster_name = aws_ecs_cluster.this.name
    service_name = aws_ecs_service.app.name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = [module.load_balancer.listener_arn]
      }

      dynamic "target_group" {
        for_each = module.load_balancer.target_group_names

        content {
          name = target_group.value
        }
      }
    }
  }

  depends_on = [aws_iam_role_policy.codedeploy]
}

resource "aws_iam_role" "codedeploy" {
  count = local.blue_green ? 1 : 0

  name_prefix        = "${local.name}-swap-"
  description        = "Blue-green deployments of ${local.name}"
  assume_role_policy = local.trust["codedeploy"]
}

resource "aws_iam_role_policy" "codedeploy" {
  count = local.blue_green ? 1 : 0

  name = "swap"
  role = aws_iam_role.codedeploy[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["ecs:DescribeServices"]
        Resource = [aws_ecs_service.app.id]
      },
      {
        # Task sets have no names to give rights by beforehand; their cluster has one.
        Effect    = "Allow"
        Action    = ["ecs:CreateTaskSet", "ecs:DeleteTaskSet", "ecs:UpdateServicePrimaryTaskSet"]
        Resource  = ["*"]
        Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.this.arn } }
      },
      {
        # Knows no resources.
        Effect = "Allow"
        Action = [
          "elasticloadbalancing:DescribeListeners",
          "elasticloadbalancing:DescribeRules",
          "elasticloadbalancing:DescribeTargetGroups",
        ]
        Resource = ["*"]
      },
      {
        Effect   = "Allow"
        Action   = ["elasticloadbalancing:ModifyListener"]
        Resource = [module.load_balancer.listener_arn]
      },
      {
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = [aws_iam_role.execution.arn, aws_iam_role.task.arn]
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
    ]
  })
}
