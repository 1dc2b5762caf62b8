# What makes another swarm, and what does not: each run's state goes to the next.
mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }

  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/swarm-test-1" }
  }

  mock_resource "aws_launch_template" {
    defaults = {
      id             = "lt-0123456789abcdef0"
      latest_version = 1
    }
  }
}

variables {
  environment = "test"
  ami_id      = "ami-0123456789abcdef0"
}

run "first" {}

run "other_workers_are_not_another_swarm" {
  variables {
    worker_count         = 6
    worker_instance_type = "t3.medium"
    client_cidrs         = ["203.0.113.0/24"]
    visualizer_cidrs     = ["203.0.113.0/24"]
  }

  assert {
    condition     = output.generation == run.first.generation && output.manager_ids == run.first.manager_ids
    error_message = "workers and rules should change under a swarm that stays"
  }
}

run "another_image_is_another_swarm" {
  variables {
    ami_id = "ami-0fedcba9876543210"
  }

  assert {
    condition     = output.generation != run.first.generation && output.manager_ids != run.first.manager_ids
    error_message = "another image should renew the managers and their generation"
  }

  assert {
    condition     = output.join_secret_arns == run.first.join_secret_arns && output.swarm_master == run.first.swarm_master
    error_message = "secrets and address should outlive a swarm"
  }
}
