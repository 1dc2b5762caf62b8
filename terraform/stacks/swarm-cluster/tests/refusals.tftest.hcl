mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }
}

variables {
  environment = "test"
  ami_id      = "ami-0123456789abcdef0"
}

run "refuses_an_even_number_of_managers" {
  command = plan

  variables {
    manager_count = 2
  }

  expect_failures = [var.manager_count]
}

run "refuses_a_cluster_without_managers" {
  command = plan

  variables {
    manager_count = 0
  }

  expect_failures = [var.manager_count]
}

run "refuses_a_cluster_without_workers" {
  command = plan

  variables {
    worker_count = 0
  }

  expect_failures = [var.worker_count]
}

run "refuses_a_region_with_too_few_zones" {
  command = plan

  variables {
    manager_count = 3
  }

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["eu-west-1a", "eu-west-1b"] }
  }

  expect_failures = [data.aws_availability_zones.available]
}

run "refuses_to_show_the_visualizer_to_everybody" {
  command = plan

  variables {
    visualizer_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.visualizer_cidrs]
}

run "refuses_a_vpc_that_is_too_small" {
  command = plan

  variables {
    vpc_cidr = "172.28.10.0/26"
  }

  expect_failures = [var.vpc_cidr]
}

run "refuses_a_vpc_range_that_begins_elsewhere" {
  command = plan

  variables {
    vpc_cidr = "172.28.10.5/24"
  }

  expect_failures = [var.vpc_cidr]
}

run "refuses_a_zone_named_twice" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a", "eu-west-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "refuses_a_recovery_window_that_is_too_short" {
  command = plan

  variables {
    recovery_window_in_days = 6
  }

  expect_failures = [var.recovery_window_in_days]
}

run "refuses_an_image_name_in_place_of_its_id" {
  command = plan

  variables {
    ami_id = "swarm-cluster"
  }

  expect_failures = [var.ami_id]
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
    environment           = "Prod_1"
    client_cidrs          = []
    delete_timeout        = "soon"
    capacity_timeout      = ""
    manager_instance_type = "t3"
    worker_instance_type  = "t3"
    root_device_name      = "sda1"
    root_volume_size      = 4
    address_pool          = "198.18.0.0/24"
    web_image             = "-web"
    web_replicas          = 0
    visualizer_image      = "a b"
    redis_image           = ""
  }

  expect_failures = [
    var.environment,
    var.client_cidrs,
    var.delete_timeout,
    var.capacity_timeout,
    var.manager_instance_type,
    var.worker_instance_type,
    var.root_device_name,
    var.root_volume_size,
    var.address_pool,
    var.web_image,
    var.web_replicas,
    var.visualizer_image,
    var.redis_image,
  ]
}
