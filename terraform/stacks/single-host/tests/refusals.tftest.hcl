mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b"] }
  }
}

variables {
  environment     = "test"
  ami_id          = "ami-0123456789abcdef0"
  mysql_password  = "correct-horse-battery"
  secret_key_base = "a key of many characters"
}

run "refuses_ssh_from_everywhere" {
  command = plan

  variables {
    ssh_cidrs = ["203.0.113.0/24", "0.0.0.0/0"]
  }

  expect_failures = [var.ssh_cidrs]
}

run "refuses_a_vpc_range_that_begins_elsewhere" {
  command = plan

  variables {
    vpc_cidr = "10.40.0.5/24"
  }

  expect_failures = [var.vpc_cidr]
}

run "refuses_secrets_of_several_lines" {
  command = plan

  variables {
    mysql_password  = "correct\nhorse battery"
    secret_key_base = "a key of\nmany characters"
  }

  expect_failures = [var.mysql_password, var.secret_key_base]
}

run "refuses_databases_that_are_mariadbs_own" {
  command = plan

  variables {
    database_name = "mysql"
  }

  expect_failures = [var.database_name]
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
    environment          = "Prod_1"
    ami_id               = "single-host"
    instance_type        = "t3"
    root_volume_size     = 4
    data_volume_size     = 0
    data_snapshot_id     = "yesterday"
    snapshot_time        = "24:00"
    snapshots_kept       = 0
    database_name        = "my-shop"
    vpc_cidr             = "10.40.0.0/25"
    client_cidrs         = []
    ssh_cidrs            = ["office"]
    alarm_email          = "operators"
    cpu_alarm_percent    = 0
    memory_alarm_percent = 100
    disk_alarm_percent   = 120
    mysql_password       = "short"
    secret_key_base      = "short"
  }

  expect_failures = [
    var.environment,
    var.ami_id,
    var.instance_type,
    var.root_volume_size,
    var.data_volume_size,
    var.data_snapshot_id,
    var.snapshot_time,
    var.snapshots_kept,
    var.database_name,
    var.vpc_cidr,
    var.client_cidrs,
    var.ssh_cidrs,
    var.alarm_email,
    var.cpu_alarm_percent,
    var.memory_alarm_percent,
    var.disk_alarm_percent,
    var.mysql_password,
    var.secret_key_base,
  ]
}

run "refuses_a_machine_that_nobody_can_release_to" {
  command = plan

  variables {
    key_name = ""
  }

  expect_failures = [aws_instance.host]
}
