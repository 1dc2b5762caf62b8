mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c", "eu-west-1d"] }
  }

  mock_resource "aws_lb" {
    defaults = {
      arn      = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/dashboard-test/0123456789abcdef"
      dns_name = "dashboard-test-1.eu-west-1.elb.amazonaws.com"
    }
  }

  mock_resource "aws_lb_target_group" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/dashb-1/0123456789abcdef" }
  }

  mock_resource "aws_lb_listener" {
    defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/dashboard-test/0123456789abcdef/0123456789abcdef" }
  }

  mock_resource "aws_db_instance" {
    defaults = {
      address  = "dashboard-test.abcdefghijkl.eu-west-1.rds.amazonaws.com"
      endpoint = "dashboard-test.abcdefghijkl.eu-west-1.rds.amazonaws.com:5432"
    }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = {
      id  = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dashboard-test/db-password-1-AbCdEf"
      arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dashboard-test/db-password-1-AbCdEf"
    }
  }

  mock_resource "aws_secretsmanager_secret_version" {
    defaults = { version_id = "00000000-0000-4000-8000-000000000001" }
  }

  mock_resource "aws_iam_instance_profile" {
    defaults = { arn = "arn:aws:iam::123456789012:instance-profile/dashboard-test-1" }
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
  db_password = "correct-horse-battery"
}

run "spreads_over_three_zones" {
  assert {
    condition     = output.availability_zones == tolist(["eu-west-1a", "eu-west-1b", "eu-west-1c"])
    error_message = "the first three zones of the region should be used"
  }

  assert {
    condition     = length(distinct(output.public_subnet_ids)) == 3 && length(distinct(output.private_subnet_ids)) == 3
    error_message = "each zone should have a public and a private subnet"
  }

  assert {
    condition     = aws_autoscaling_group.dashboard.vpc_zone_identifier == toset(output.public_subnet_ids)
    error_message = "instances should be spread over the public subnets"
  }
}

run "uses_the_zones_that_are_named" {
  command = plan

  variables {
    availability_zones = ["eu-west-1b", "eu-west-1d"]
  }

  assert {
    condition     = output.availability_zones == tolist(["eu-west-1b", "eu-west-1d"])
    error_message = "named zones should be taken as they are"
  }
}

run "admits_only_the_load_balancer_to_the_instances" {
  assert {
    condition = (
      aws_security_group_rule.instances_from_load_balancer.security_group_id == aws_security_group.instances.id &&
      aws_security_group_rule.instances_from_load_balancer.type == "ingress" &&
      aws_security_group_rule.instances_from_load_balancer.protocol == "tcp" &&
      aws_security_group_rule.instances_from_load_balancer.from_port == 80 &&
      aws_security_group_rule.instances_from_load_balancer.to_port == 80 &&
      aws_security_group_rule.instances_from_load_balancer.source_security_group_id == module.load_balancer.security_group_id &&
      aws_security_group_rule.instances_from_load_balancer.cidr_blocks == null
    )
    error_message = "only port 80, and only from the load balancer, should be open"
  }

  assert {
    condition     = aws_launch_template.dashboard.vpc_security_group_ids == toset([aws_security_group.instances.id])
    error_message = "instances should have their own security group and no other"
  }

  assert {
    condition     = aws_security_group.instances.vpc_id == output.vpc_id
    error_message = "the security group should be in the VPC"
  }
}

run "lets_instances_out_to_the_database_and_the_web" {
  assert {
    condition = (
      aws_security_group_rule.instances_to_database.security_group_id == aws_security_group.instances.id &&
      aws_security_group_rule.instances_to_database.type == "egress" &&
      aws_security_group_rule.instances_to_database.protocol == "tcp" &&
      aws_security_group_rule.instances_to_database.from_port == 5432 &&
      aws_security_group_rule.instances_to_database.to_port == 5432 &&
      aws_security_group_rule.instances_to_database.source_security_group_id == module.database.security_group_id
    )
    error_message = "instances should reach the database"
  }

  assert {
    condition     = toset([for rule in values(aws_security_group_rule.instances_to_web) : "${rule.type} ${rule.protocol} ${rule.from_port}-${rule.to_port}"]) == toset(["egress tcp 80-80", "egress tcp 443-443"])
    error_message = "instances should reach the web, and nothing else, in the internet"
  }
}

run "keeps_the_database_in_private" {
  assert {
    condition     = module.database.subnet_ids == toset(output.private_subnet_ids)
    error_message = "the database should be in the private subnets"
  }

  assert {
    condition     = length(setintersection(output.private_subnet_ids, output.public_subnet_ids)) == 0
    error_message = "no subnet should be both private and public"
  }

  assert {
    condition     = module.database.client_security_groups == { instances = aws_security_group.instances.id }
    error_message = "only the instances should be admitted to the database"
  }
}

run "lets_instances_read_one_secret_and_do_nothing_else" {
  assert {
    condition = jsondecode(aws_iam_role_policy.read_db_secret.policy) == {
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = output.db_secret_arn
      }]
    }
    error_message = "the role should be allowed GetSecretValue on just the database's password"
  }

  assert {
    condition     = aws_iam_role_policy.read_db_secret.role == aws_iam_role.instance.id && aws_iam_instance_profile.instance.role == aws_iam_role.instance.name
    error_message = "the policy should belong to the role, and the role to the instances' profile"
  }

  assert {
    condition     = one(aws_launch_template.dashboard.iam_instance_profile).arn == aws_iam_instance_profile.instance.arn
    error_message = "the instances should have the profile"
  }

  assert {
    condition     = jsondecode(aws_iam_role.instance.assume_role_policy).Statement == [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" } }]
    error_message = "only EC2 should take on the role"
  }
}

run "runs_the_image_that_it_is_given" {
  assert {
    condition     = aws_launch_template.dashboard.image_id == "ami-0123456789abcdef0" && output.ami_id == "ami-0123456789abcdef0"
    error_message = "the image should be handed over by its id"
  }

  assert {
    condition     = one(aws_launch_template.dashboard.metadata_options).http_tokens == "required" && one(aws_launch_template.dashboard.metadata_options).http_put_response_hop_limit == 1
    error_message = "instance metadata should need a token and stay on the instance"
  }

  assert {
    condition = (
      one(aws_launch_template.dashboard.block_device_mappings).device_name == "/dev/xvda" &&
      one(one(aws_launch_template.dashboard.block_device_mappings).ebs).encrypted == "true" &&
      one(one(aws_launch_template.dashboard.block_device_mappings).ebs).volume_type == "gp3" &&
      one(one(aws_launch_template.dashboard.block_device_mappings).ebs).delete_on_termination == "true"
    )
    error_message = "the root volume should be encrypted and go with its instance"
  }

  assert {
    condition     = aws_launch_template.dashboard.key_name == null
    error_message = "no key should open a shell on an instance"
  }
}

run "replaces_instances_behind_the_load_balancer" {
  variables {
    min_size = 3
  }

  assert {
    condition     = one(aws_autoscaling_group.dashboard.launch_template).id == aws_launch_template.dashboard.id && one(aws_autoscaling_group.dashboard.launch_template).version == "1"
    error_message = "the group should launch one version of the template, not whichever is newest"
  }

  assert {
    condition     = startswith(aws_autoscaling_group.dashboard.name_prefix, "dashboard-test-lt-0123456789abcdef0-1-")
    error_message = "another template, or version of it, should make another group"
  }

  assert {
    condition     = aws_autoscaling_group.dashboard.health_check_type == "ELB" && aws_autoscaling_group.dashboard.target_group_arns == toset([output.target_group_arn])
    error_message = "the load balancer should decide which instances are healthy"
  }

  assert {
    condition     = aws_autoscaling_group.dashboard.min_size == 3 && aws_autoscaling_group.dashboard.desired_capacity == 3 && aws_autoscaling_group.dashboard.min_elb_capacity == 3
    error_message = "all new instances should be healthy before the old ones go"
  }
}

run "waits_for_as_many_as_it_is_told_to" {
  command = plan

  variables {
    desired_capacity      = 4
    healthy_before_switch = 0
    healthy_timeout       = "1h30m"
  }

  assert {
    condition     = aws_autoscaling_group.dashboard.desired_capacity == 4 && aws_autoscaling_group.dashboard.min_elb_capacity == 0 && aws_autoscaling_group.dashboard.wait_for_capacity_timeout == "1h30m"
    error_message = "the choices should be passed on"
  }
}

run "tags_what_the_group_launches" {
  variables {
    tags = { team = "web" }
  }

  assert {
    condition = aws_autoscaling_group.dashboard.tag == toset([
      for key, value in { Name = "dashboard-test", Project = "amiable", Stack = "dashboard", Environment = "test", team = "web" } :
      { key = key, value = value, propagate_at_launch = true }
    ])
    error_message = "instances should have the stack's tags"
  }
}

run "tags_the_volumes_of_what_the_group_launches" {
  command = plan

  assert {
    condition     = local.instance.tags == { Name = "dashboard-test", Project = "amiable", Stack = "dashboard", Environment = "test" }
    error_message = "volumes should have the stack's tags"
  }
}

run "tells_instances_where_they_are" {
  variables {
    app_repository = "https://git.example.com/team/dashboard.git"
    app_branch     = "release/2"
  }

  assert {
    condition = strcontains(base64decode(aws_launch_template.dashboard.user_data), <<-EOT
      APP_BRANCH='release/2'
      APP_REPOSITORY='https://git.example.com/team/dashboard.git'
      AWS_DEFAULT_REGION='eu-west-1'
      DB_HOST='dashboard-test.abcdefghijkl.eu-west-1.rds.amazonaws.com'
      DB_NAME='dashboard'
      DB_PORT='5432'
      DB_SECRET_ARN='arn:aws:secretsmanager:eu-west-1:123456789012:secret:dashboard-test/db-password-1-AbCdEf'
      DB_SECRET_VERSION='00000000-0000-4000-8000-000000000001'
      DB_USER='postgres'
    EOT
    )
    error_message = "user data should say where the database, its password and the application are"
  }

  assert {
    condition     = !strcontains(base64decode(aws_launch_template.dashboard.user_data), "correct-horse-battery")
    error_message = "user data should not have the password in it"
  }
}

run "follows_the_image_unless_told_otherwise" {
  assert {
    condition     = strcontains(base64decode(aws_launch_template.dashboard.user_data), "APP_BRANCH='master'\nAPP_REPOSITORY=''\n")
    error_message = "without a repository the instance should keep to the one of its image"
  }
}

run "says_where_it_is" {
  assert {
    condition = (
      output.dashboard_url == "http://dashboard-test-1.eu-west-1.elb.amazonaws.com/" &&
      output.alb_dns_name == "dashboard-test-1.eu-west-1.elb.amazonaws.com" &&
      output.autoscaling_group == aws_autoscaling_group.dashboard.name &&
      output.db_endpoint == "dashboard-test.abcdefghijkl.eu-west-1.rds.amazonaws.com:5432" &&
      output.db_secret_arn == module.db_secret.arn &&
      output.vpc_id == module.network.vpc_id &&
      output.region == "eu-west-1"
    )
    error_message = "the outputs should say where to look"
  }
}
