mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }
}

variables {
  environment = "test"
  ami_id      = "ami-0123456789abcdef0"
  db_password = "correct-horse-battery"
}

run "refuses_an_image_name_in_place_of_its_id" {
  command = plan

  variables {
    ami_id = "dashboard-ami-prod"
  }

  expect_failures = [var.ami_id]
}

run "refuses_an_image_id_of_another_length" {
  command = plan

  variables {
    ami_id = "ami-0123456789"
  }

  expect_failures = [var.ami_id]
}

run "accepts_an_old_image_id" {
  command = plan

  variables {
    ami_id = "ami-785db401"
  }

  assert {
    condition     = aws_launch_template.dashboard.image_id == "ami-785db401"
    error_message = "ids of eight digits should be accepted"
  }
}

run "refuses_a_vpc_that_is_too_small_for_a_load_balancer" {
  command = plan

  variables {
    vpc_cidr = "10.20.0.0/24"
  }

  expect_failures = [var.vpc_cidr]
}

run "refuses_a_vpc_range_that_begins_elsewhere" {
  command = plan

  variables {
    vpc_cidr = "10.20.1.5/16"
  }

  expect_failures = [var.vpc_cidr]
}

run "refuses_a_single_zone" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "refuses_a_zone_named_twice" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a", "eu-west-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "refuses_a_region_with_too_few_zones" {
  command = plan

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["eu-west-1a", "eu-west-1b"] }
  }

  expect_failures = [data.aws_availability_zones.available]
}

run "refuses_a_password_that_rds_refuses" {
  command = plan

  variables {
    db_password = "correct@horse"
  }

  expect_failures = [var.db_password]
}

run "refuses_a_short_password" {
  command = plan

  variables {
    db_password = "1234567"
  }

  expect_failures = [var.db_password]
}

run "refuses_less_than_the_least" {
  command = plan

  variables {
    min_size         = 3
    desired_capacity = 2
  }

  expect_failures = [aws_autoscaling_group.dashboard]
}

run "refuses_more_than_the_most" {
  command = plan

  variables {
    desired_capacity = 5
    max_size         = 4
  }

  expect_failures = [aws_autoscaling_group.dashboard]
}

run "refuses_to_wait_for_instances_that_there_will_never_be" {
  command = plan

  variables {
    desired_capacity      = 2
    healthy_before_switch = 3
  }

  expect_failures = [aws_autoscaling_group.dashboard]
}

run "refuses_a_token_in_the_repository" {
  command = plan

  variables {
    app_repository = "https://user:token@git.example.com/team/dashboard.git"
  }

  expect_failures = [var.app_repository]
}

run "refuses_a_second_line_in_the_repository" {
  command = plan

  variables {
    app_repository = "https://git.example.com/team/dashboard.git\nEND_OF_INSTANCE_ENV"
  }

  expect_failures = [var.app_repository]
}

run "refuses_a_second_line_in_the_branch" {
  command = plan

  variables {
    app_branch = "master\nEND_OF_INSTANCE_ENV"
  }

  expect_failures = [var.app_branch]
}

run "refuses_tags_of_its_own" {
  command = plan

  variables {
    tags = { Stack = "another" }
  }

  expect_failures = [var.tags]
}

run "refuses_tags_of_aws" {
  command = plan

  variables {
    tags = { "aws:team" = "web" }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  command = plan

  variables {
    environment               = "Prod_1"
    client_cidrs              = ["everybody"]
    instance_type             = "t3"
    root_device_name          = "xvda"
    root_volume_size          = 4
    min_size                  = -1
    max_size                  = 0
    desired_capacity          = 1.5
    healthy_before_switch     = -1
    healthy_timeout           = "soon"
    health_check_grace_period = -1
    app_branch                = "-option"
  }

  expect_failures = [
    var.environment,
    var.client_cidrs,
    var.instance_type,
    var.root_device_name,
    var.root_volume_size,
    var.min_size,
    var.max_size,
    var.desired_capacity,
    var.healthy_before_switch,
    var.healthy_timeout,
    var.health_check_grace_period,
    var.app_branch,
  ]
}
