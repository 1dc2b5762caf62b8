mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b"] }
  }
}

variables {
  environment     = "test"
  httpd_ami_id    = "ami-0123456789abcdef0"
  postgres_ami_id = "ami-0fedcba9876543210"
  db_password     = "correct-horse-battery"
  mesh_key        = "0123456789abcdef"
}

run "refuses_image_names_in_place_of_ids" {
  command = plan

  variables {
    httpd_ami_id    = "insight-httpd"
    postgres_ami_id = "ami-0123456789"
  }

  expect_failures = [var.httpd_ami_id, var.postgres_ami_id]
}

run "refuses_a_vpc_that_is_too_small_for_a_load_balancer" {
  command = plan

  variables {
    vpc_cidr = "10.30.0.0/24"
  }

  expect_failures = [var.vpc_cidr]
}

run "refuses_a_vpc_range_that_begins_elsewhere" {
  command = plan

  variables {
    vpc_cidr = "10.30.1.5/16"
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

run "refuses_a_region_with_too_few_zones" {
  command = plan

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["eu-west-1a"] }
  }

  # One zone is one too few for the load balancer as well.
  expect_failures = [data.aws_availability_zones.available]
}

run "refuses_ssh_from_everywhere" {
  command = plan

  variables {
    ssh_cidrs = ["203.0.113.0/24", "0.0.0.0/0"]
  }

  expect_failures = [var.ssh_cidrs]
}

run "refuses_a_password_that_rds_refuses" {
  command = plan

  variables {
    db_password = "correct@horse"
  }

  expect_failures = [var.db_password]
}

run "refuses_more_than_the_most" {
  command = plan

  variables {
    desired_capacity = 5
    max_size         = 4
  }

  expect_failures = [aws_autoscaling_group.web]
}

run "refuses_tags_of_its_own" {
  command = plan

  variables {
    tags = { Stack = "another" }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  command = plan

  variables {
    environment            = "Prod_1"
    client_cidrs           = ["everybody"]
    ssh_cidrs              = ["office"]
    web_instance_type      = "t3"
    database_instance_type = "db.t4g.micro.large"
    root_volume_size       = 4
    min_size               = -1
    max_size               = 0
    desired_capacity       = 1.5
    healthy_timeout        = "soon"
    database               = "aurora"
    mesh_key               = "short"
    data_volume_size       = 0
    data_snapshot_id       = "yesterday"
  }

  expect_failures = [
    var.environment,
    var.client_cidrs,
    var.ssh_cidrs,
    var.web_instance_type,
    var.database_instance_type,
    var.root_volume_size,
    var.min_size,
    var.max_size,
    var.desired_capacity,
    var.healthy_timeout,
    var.database,
    var.mesh_key,
    var.data_volume_size,
    var.data_snapshot_id,
  ]
}
