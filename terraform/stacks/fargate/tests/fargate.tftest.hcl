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

run "runs_tasks_in_private_subnets_behind_the_load_balancer" {
  assert {
    condition = (
      one(aws_ecs_service.app.network_configuration).subnets == toset(module.network.private_subnet_ids) &&
      !one(aws_ecs_service.app.network_configuration).assign_public_ip &&
      one(aws_ecs_service.app.network_configuration).security_groups == toset([aws_security_group.tasks.id])
    )
    error_message = "tasks should be in private subnets, without public addresses"
  }

  assert {
    condition     = length(module.network.private_subnet_ids) == 2 && length(module.network.public_subnet_ids) == 2 && module.network.nat_public_ip != null
    error_message = "there should be two subnets of each kind, and a way out of the private ones"
  }

  assert {
    condition = (
      aws_security_group_rule.tasks_from_load_balancer.type == "ingress" &&
      aws_security_group_rule.tasks_from_load_balancer.source_security_group_id == module.load_balancer.security_group_id &&
      aws_security_group_rule.tasks_from_load_balancer.from_port == 8080 &&
      aws_security_group_rule.tasks_from_load_balancer.to_port == 8080 &&
      aws_security_group_rule.tasks_from_load_balancer.cidr_blocks == null
    )
    error_message = "the load balancer alone should reach the tasks, and on their port only"
  }

  assert {
    condition     = aws_security_group_rule.tasks_to_aws.type == "egress" && aws_security_group_rule.tasks_to_aws.from_port == 443 && aws_security_group_rule.tasks_to_aws.to_port == 443
    error_message = "tasks should reach HTTPS in the internet and nothing else"
  }

  assert {
    condition = (
      one(aws_ecs_service.app.load_balancer).container_port == 8080 &&
      one(aws_ecs_service.app.load_balancer).target_group_arn == module.load_balancer.target_group_arn &&
      aws_ecs_service.app.launch_type == "FARGATE"
    )
    error_message = "the load balancer should serve the tasks"
  }
}

run "hardens_the_container" {
  assert {
    condition = (
      jsondecode(aws_ecs_task_definition.app.container_definitions)[0].readonlyRootFilesystem &&
      strcontains(jsonencode(jsondecode(aws_ecs_task_definition.app.container_definitions)[0].healthCheck), ":8080/healthz") &&
      jsondecode(aws_ecs_task_definition.app.container_definitions)[0].logConfiguration.options["awslogs-group"] == "/fargate-test/app"
    )
    error_message = "the container should write nowhere, be asked for its health, and log"
  }

  assert {
    condition     = aws_cloudwatch_log_group.app.retention_in_days == 30 && aws_cloudwatch_log_group.pipeline.retention_in_days == 30
    error_message = "logs should not be kept for ever"
  }
}

run "rolls_new_versions_out_with_a_way_back" {
  assert {
    condition = (
      one(aws_ecs_service.app.deployment_controller).type == "ECS" &&
      one(aws_ecs_service.app.deployment_circuit_breaker).enable &&
      one(aws_ecs_service.app.deployment_circuit_breaker).rollback &&
      aws_ecs_service.app.deployment_minimum_healthy_percent == 100
    )
    error_message = "a version that does not start should be taken back, and none of the old tasks go before"
  }

  assert {
    condition     = length(aws_codedeploy_app.this) == 0 && length(aws_iam_role.codedeploy) == 0 && length(module.load_balancer.target_group_names) == 1
    error_message = "CodeDeploy should have no part in it"
  }
}

run "swaps_blue_and_green_when_asked_to" {
  variables {
    deployment   = "blue-green"
    blue_minutes = 15
  }

  assert {
    condition     = one(aws_ecs_service.app.deployment_controller).type == "CODE_DEPLOY" && length(aws_ecs_service.app.deployment_circuit_breaker) == 0
    error_message = "CodeDeploy should deploy, which refuses a circuit breaker"
  }

  assert {
    condition = (
      one(aws_codedeploy_deployment_group.this[0].deployment_style).deployment_type == "BLUE_GREEN" &&
      one(aws_codedeploy_deployment_group.this[0].auto_rollback_configuration).enabled &&
      [for group in one(one(aws_codedeploy_deployment_group.this[0].load_balancer_info).target_group_pair_info).target_group : group.name] == module.load_balancer.target_group_names &&
      length(module.load_balancer.target_group_names) == 2
    )
    error_message = "requests should be switched between the two target groups, and back when it fails"
  }

  assert {
    condition     = one(one(aws_codedeploy_deployment_group.this[0].blue_green_deployment_config).terminate_blue_instances_on_deployment_success).termination_wait_time_in_minutes == 15
    error_message = "the version before should stay as long as asked for"
  }

  assert {
    condition     = contains(keys(aws_cloudwatch_metric_alarm.this), "unhealthy-blue") && contains(keys(aws_cloudwatch_metric_alarm.this), "unhealthy-green")
    error_message = "both target groups should be watched"
  }
}

run "scales_between_the_bounds" {
  variables {
    min_tasks = 3
    max_tasks = 9
  }

  assert {
    condition     = aws_appautoscaling_target.service.min_capacity == 3 && aws_appautoscaling_target.service.max_capacity == 9 && aws_appautoscaling_target.service.resource_id == "service/fargate-test/fargate-test"
    error_message = "autoscaling should keep to the bounds"
  }

  assert {
    condition     = one(one(aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration).predefined_metric_specification).predefined_metric_type == "ECSServiceAverageCPUUtilization"
    error_message = "it should follow the CPU's use"
  }

  assert {
    condition     = aws_ecs_service.app.desired_count == 0 && one([for variable in one(aws_codebuild_project.this["deploy"].environment).environment_variable : variable.value if variable.name == "MIN_TASKS"]) == "3"
    error_message = "the first deployment, and not Terraform, should start the tasks"
  }
}

run "keeps_images_scanned_and_few" {
  assert {
    condition     = one(aws_ecr_repository.app.image_scanning_configuration).scan_on_push && aws_ecr_repository.app.image_tag_mutability == "IMMUTABLE"
    error_message = "images should be scanned, and their tags stay what they are"
  }

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.app.policy).rules : "${rule.selection.tagStatus} ${rule.selection.countType} ${rule.selection.countNumber}"] == ["untagged sinceImagePushed 7", "any imageCountMoreThan 20"]
    error_message = "old images should go"
  }
}

run "keeps_artifacts_to_itself" {
  assert {
    condition     = one(one(one(aws_s3_bucket.artifacts.server_side_encryption_configuration).rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "artifacts should be encrypted"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.artifacts.block_public_acls,
      aws_s3_bucket_public_access_block.artifacts.block_public_policy,
      aws_s3_bucket_public_access_block.artifacts.ignore_public_acls,
      aws_s3_bucket_public_access_block.artifacts.restrict_public_buckets,
    ])
    error_message = "the public should be kept out, whatever is said elsewhere"
  }

  assert {
    condition = (
      one(jsondecode(aws_s3_bucket_policy.artifacts[0].policy).Statement).Effect == "Deny" &&
      one(jsondecode(aws_s3_bucket_policy.artifacts[0].policy).Statement).Condition.Bool["aws:SecureTransport"] == "false"
    )
    error_message = "requests in clear should be refused"
  }
}

run "watches_the_service_and_the_pipeline" {
  variables {
    alarm_email = "team@example.com"
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["errors", "no-answer", "cpu", "memory", "unhealthy"])
    error_message = "errors, health and use should be watched"
  }

  assert {
    condition     = alltrue([for alarm in values(aws_cloudwatch_metric_alarm.this) : alarm.alarm_actions == toset([aws_sns_topic.alarms.arn])])
    error_message = "every alarm should be told"
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.pipeline_failed.event_pattern).detail == { pipeline = ["fargate-test"], state = ["FAILED"] } && aws_cloudwatch_event_target.pipeline_failed.arn == aws_sns_topic.alarms.arn
    error_message = "a failed pipeline should be told"
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "team@example.com"
    error_message = "it should be told to the address given"
  }
}

run "says_where_to_look" {
  assert {
    condition = (
      output.app_url == "http://fargate-test-1.eu-west-1.elb.amazonaws.com" &&
      output.time_url == "${output.app_url}/time" &&
      output.pipeline_name == "fargate-test" &&
      output.cluster == "fargate-test" && output.service == "fargate-test" &&
      output.artifact_bucket == "fargate-test-artifacts-1" &&
      output.region == "eu-west-1"
    )
    error_message = "the outputs should say where to look"
  }
}
