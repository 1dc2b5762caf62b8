mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }

  mock_resource "aws_lb" {
    defaults = {
      arn      = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/insight-test/0123456789abcdef"
      dns_name = "insight-test-1.eu-west-1.elb.amazonaws.com"
    }
  }

  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/insig-1/0123456789abcdef" }
  }

  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/insight-test/0123456789abcdef/0123456789abcdef" }
  }

  mock_resource "aws_db_instance" {
    defaults = {
      address  = "insight-test.abcdefghijkl.eu-west-1.rds.amazonaws.com"
      endpoint = "insight-test.abcdefghijkl.eu-west-1.rds.amazonaws.com:5432"
    }
  }

  mock_resource "aws_secretsmanager_secret_version" {
    defaults = { version_id = "00000000-0000-4000-8000-000000000001" }
  }

  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/insight-test-1" }
  }

  mock_resource "aws_ebs_volume" {
    defaults = { id = "vol-0123456789abcdef0" }
  }

  mock_resource "aws_launch_template" {
    defaults = {
      id             = "lt-0123456789abcdef0"
      latest_version = 1
    }
  }
}

variables {
  environment     = "test"
  httpd_ami_id    = "ami-0123456789abcdef0"
  postgres_ami_id = "ami-0fedcba9876543210"
  db_password     = "correct-horse-battery"
  mesh_key        = "a-key-of-the-mesh"
  database        = "rds"
}

run "puts_rds_in_place_of_the_machine" {
  assert {
    condition     = length(aws_instance.database) == 0 && length(aws_ebs_volume.data) == 0 && length(aws_ebs_snapshot.before_replacement) == 0 && length(aws_security_group.database) == 0
    error_message = "there should be no machine of ours"
  }

  assert {
    condition     = module.rds[0].subnet_ids == toset(output.private_subnet_ids) && module.rds[0].client_security_groups == { web = aws_security_group.web.id }
    error_message = "RDS should be private and admit the web tier only"
  }

  assert {
    condition     = aws_security_group_rule.web_to_database.source_security_group_id == module.rds[0].security_group_id
    error_message = "web servers should reach RDS"
  }

  assert {
    condition     = module.network.nat_public_ip == null
    error_message = "without a machine in the private subnets there should be no NAT gateway to pay for"
  }
}

run "does_without_consul" {
  assert {
    condition     = length(module.mesh_secret) == 0 && length(aws_security_group_rule.mesh_in) == 0 && length(aws_security_group_rule.mesh_out) == 0
    error_message = "there should be no mesh"
  }

  assert {
    condition     = toset(keys(module.web_role.policies)) == toset(["read-db-password", "session-manager"]) && length(module.database_role) == 0
    error_message = "web servers should read the database's password only"
  }

  assert {
    condition = strcontains(base64decode(aws_launch_template.web.user_data), <<-EOT
      CONSUL_ROLE=''
      CONSUL_SERVER=''
      DB_CREATE='yes'
      DB_HOST='insight-test.abcdefghijkl.eu-west-1.rds.amazonaws.com'
    EOT
    )
    error_message = "web servers should be told RDS's address"
  }
}

run "opens_ssh_to_the_web_only" {
  command = plan

  variables {
    ssh_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition     = keys(aws_security_group_rule.ssh) == ["web"]
    error_message = "RDS has no SSH"
  }
}

run "says_where_it_is" {
  assert {
    condition     = output.database == "rds" && output.database_endpoint == "insight-test.abcdefghijkl.eu-west-1.rds.amazonaws.com:5432" && output.data_volume_id == "" && output.postgres_ami_id == ""
    error_message = "the outputs should say where to look"
  }
}
