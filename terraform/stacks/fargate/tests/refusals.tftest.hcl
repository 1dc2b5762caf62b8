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

run "refuses_bad_values" {
  command = plan

  variables {
    environment           = "Test"
    tags                  = { Stack = "x" }
    vpc_cidr              = "10.60.0.0/25"
    availability_zones    = ["eu-west-1a"]
    client_cidrs          = ["everybody"]
    delete_timeout        = "soon"
    cpu                   = 300
    memory                = 700
    min_tasks             = 0
    max_tasks             = 0
    cpu_target            = 100
    deployment            = "canary"
    blue_minutes          = 3000
    log_retention_in_days = 2
    alarm_email           = "team"
    repository            = "https://github.com/team/amiable"
    branch                = ""
    connection_arn        = "connection"
    pipeline_folder       = "/pipeline"
    kept_images           = 1
    artifact_days         = 0
  }

  expect_failures = [
    var.environment,
    var.tags,
    var.vpc_cidr,
    var.availability_zones,
    var.client_cidrs,
    var.delete_timeout,
    var.cpu,
    var.memory,
    var.min_tasks,
    var.max_tasks,
    var.cpu_target,
    var.deployment,
    var.blue_minutes,
    var.log_retention_in_days,
    var.alarm_email,
    var.repository,
    var.branch,
    var.connection_arn,
    var.pipeline_folder,
    var.kept_images,
    var.artifact_days,
  ]
}

run "refuses_a_range_that_begins_elsewhere" {
  command = plan

  variables {
    vpc_cidr = "10.60.0.5/20"
  }

  expect_failures = [var.vpc_cidr]
}

run "refuses_a_task_that_fargate_does_not_have" {
  command = plan

  variables {
    cpu    = 1024
    memory = 1024
  }

  expect_failures = [aws_ecs_task_definition.app]
}

run "refuses_fewer_tasks_at_most_than_at_least" {
  command = plan

  variables {
    min_tasks = 4
    max_tasks = 3
  }

  expect_failures = [aws_appautoscaling_target.service]
}

run "refuses_a_region_with_one_zone" {
  command = plan

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["eu-west-1a"] }
  }

  expect_failures = [data.aws_availability_zones.available]
}

run "refuses_a_pipeline_without_a_repository" {
  command = plan

  variables {
    repository = ""
  }

  expect_failures = [aws_codepipeline.this]
}
