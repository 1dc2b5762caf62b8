locals {
  # The port on which the application's image listens.
  port = 8080
}

resource "aws_cloudwatch_log_group" "app" {
  name              = "/${local.name}/app"
  retention_in_days = var.log_retention_in_days
}

resource "aws_ecs_cluster" "this" {
  name = local.name

  setting {
    name  = "containerInsights"
    value = var.container_insights ? "enabled" : "disabled"
  }
}

# How a task looks. The pipeline registers each deployment as a revision of its own: this one
# with its image in place of the tag, which no image has.
resource "aws_ecs_task_definition" "app" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  # Not null or left out where AWS fills in a default: every plan would take it away.
  container_definitions = jsonencode([{
    name                   = "app"
    image                  = "${aws_ecr_repository.app.repository_url}:named-by-the-pipeline"
    essential              = true
    cpu                    = 0
    environment            = []
    mountPoints            = []
    volumesFrom            = []
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]

    healthCheck = {
      command = [
        "CMD", "python3", "-c",
        "from urllib.request import urlopen; urlopen('http://127.0.0.1:${local.port}/healthz', timeout=3)",
      ]
      interval    = 10
      timeout     = 4
      retries     = 3
      startPeriod = 15
    }

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.app.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "app"
      }
    }
  }])

  lifecycle {
    precondition {
      condition     = var.memory >= 2 * var.cpu && var.memory <= 8 * var.cpu
      error_message = "Fargate has no task with this cpu and memory: the memory must be two to eight times the cpu."
    }
  }
}

# What CodeDeploy may change of a service is not changed by Terraform. Whatever else decides
# where requests go makes another service.
resource "terraform_data" "service_place" {
  input = {
    deployment   = var.deployment
    target_group = module.load_balancer.target_group_arn
    port         = local.port
  }
}

# It starts with no tasks: the first image is the pipeline's, which says how many. After
# that autoscaling does.
resource "aws_ecs_service" "app" {
  name            = local.name
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.app.arn
  launch_type     = "FARGATE"
  desired_count   = 0
  propagate_tags  = "SERVICE"

  # All of the version before stay until as many of the new one are healthy.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_controller {
    type = local.blue_green ? "CODE_DEPLOY" : "ECS"
  }

  # CodeDeploy brings its own way back, and refuses this one.
  dynamic "deployment_circuit_breaker" {
    for_each = local.blue_green ? [] : [true]

    content {
      enable   = true
      rollback = true
    }
  }

  network_configuration {
    subnets          = module.network.private_subnet_ids
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = module.load_balancer.target_group_arn
    container_name   = "app"
    container_port   = local.port
  }

  timeouts {
    delete = var.delete_timeout
  }

  lifecycle {
    ignore_changes       = [desired_count, task_definition, load_balancer]
    replace_triggered_by = [terraform_data.service_place]
  }

  # In the other direction when all is destroyed: the tasks go while their rights and
  # their way out are still there.
  depends_on = [
    aws_iam_role_policy.execution,
    aws_security_group_rule.tasks_from_load_balancer,
    aws_security_group_rule.tasks_to_aws,
  ]
}
