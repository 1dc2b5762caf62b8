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

override_resource {
  target = module.db_secret.aws_secretsmanager_secret.this
  values = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:insight-test/db-password-1-AbCdEf" }
}

override_resource {
  target = module.mesh_secret[0].aws_secretsmanager_secret.this
  values = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:insight-test/mesh-key-1-AbCdEf" }
}

variables {
  environment     = "test"
  httpd_ami_id    = "ami-0123456789abcdef0"
  postgres_ami_id = "ami-0fedcba9876543210"
  db_password     = "correct-horse-battery"
  mesh_key        = "a-key-of-the-mesh"
}

run "puts_the_web_in_public_and_the_database_in_private" {
  assert {
    condition     = local.public_subnets == { eu-west-1a = "10.30.0.0/20", eu-west-1b = "10.30.16.0/20" } && local.private_subnets == { eu-west-1a = "10.30.128.0/20", eu-west-1b = "10.30.144.0/20" }
    error_message = "the first two zones should have a public and a private subnet each"
  }

  assert {
    condition     = aws_autoscaling_group.web.vpc_zone_identifier == toset(output.public_subnet_ids)
    error_message = "web servers should be in the public subnets"
  }

  assert {
    condition     = aws_instance.database[0].subnet_id == output.private_subnet_ids[0] && aws_instance.database[0].private_ip == "10.30.128.10"
    error_message = "the database should be in the first private subnet, at an address that stays"
  }

  assert {
    condition     = length(setintersection(output.private_subnet_ids, output.public_subnet_ids)) == 0
    error_message = "no subnet should be both private and public"
  }

  assert {
    condition     = module.network.nat_public_ip != null
    error_message = "the database's machine should reach Secrets Manager through a NAT gateway"
  }
}

run "admits_the_web_tier_to_postgresql_and_nobody_else" {
  assert {
    condition = (
      aws_security_group_rule.database_from_web[0].security_group_id == aws_security_group.database[0].id &&
      aws_security_group_rule.database_from_web[0].type == "ingress" &&
      aws_security_group_rule.database_from_web[0].protocol == "tcp" &&
      aws_security_group_rule.database_from_web[0].from_port == 5432 &&
      aws_security_group_rule.database_from_web[0].to_port == 5432 &&
      aws_security_group_rule.database_from_web[0].source_security_group_id == aws_security_group.web.id &&
      aws_security_group_rule.database_from_web[0].cidr_blocks == null
    )
    error_message = "only the web tier's security group should reach port 5432"
  }

  assert {
    condition     = aws_instance.database[0].vpc_security_group_ids == toset([aws_security_group.database[0].id])
    error_message = "the database's machine should have its own security group and no other"
  }

  assert {
    condition = (
      aws_security_group_rule.web_to_database.type == "egress" &&
      aws_security_group_rule.web_to_database.from_port == 5432 &&
      aws_security_group_rule.web_to_database.to_port == 5432 &&
      aws_security_group_rule.web_to_database.source_security_group_id == aws_security_group.database[0].id
    )
    error_message = "web servers should reach the database"
  }
}

run "admits_only_the_load_balancer_to_the_web" {
  assert {
    condition = (
      aws_security_group_rule.web_from_load_balancer.security_group_id == aws_security_group.web.id &&
      aws_security_group_rule.web_from_load_balancer.type == "ingress" &&
      aws_security_group_rule.web_from_load_balancer.from_port == 80 &&
      aws_security_group_rule.web_from_load_balancer.to_port == 80 &&
      aws_security_group_rule.web_from_load_balancer.source_security_group_id == module.load_balancer.security_group_id &&
      aws_security_group_rule.web_from_load_balancer.cidr_blocks == null
    )
    error_message = "only port 80, and only from the load balancer, should be open"
  }

  assert {
    condition     = aws_launch_template.web.vpc_security_group_ids == toset([aws_security_group.web.id])
    error_message = "web servers should have their own security group and no other"
  }
}

run "opens_no_ssh_by_default" {
  assert {
    condition     = length(aws_security_group_rule.ssh) == 0 && aws_launch_template.web.key_name == null && length(var.ssh_cidrs) == 0
    error_message = "without ssh_cidrs there should be no SSH"
  }
}

run "opens_ssh_to_the_ranges_given" {
  variables {
    ssh_cidrs    = ["203.0.113.0/24"]
    ssh_key_name = "operators"
  }

  assert {
    condition = {
      for machine, rule in aws_security_group_rule.ssh : machine => "${rule.type} ${rule.protocol} ${rule.from_port}-${rule.to_port} ${join(",", rule.cidr_blocks)}"
      } == {
      web      = "ingress tcp 22-22 203.0.113.0/24"
      database = "ingress tcp 22-22 203.0.113.0/24"
    }
    error_message = "SSH should be open to the given ranges"
  }

  assert {
    condition     = aws_launch_template.web.key_name == "operators" && aws_instance.database[0].key_name == "operators"
    error_message = "the key pair should be handed over"
  }
}

run "lets_consul_agents_talk_and_nobody_else_listen" {
  assert {
    condition = toset([for rule in values(aws_security_group_rule.mesh_in) : "${rule.type} ${rule.security_group_id == aws_security_group.web.id ? "web" : "database"} from ${rule.source_security_group_id == aws_security_group.web.id ? "web" : "database"} ${rule.protocol} ${rule.from_port}-${rule.to_port}"]) == toset([
      "ingress web from web tcp 8301-8301",
      "ingress web from web udp 8301-8301",
      "ingress database from web tcp 8301-8301",
      "ingress database from web udp 8301-8301",
      "ingress web from database tcp 8301-8301",
      "ingress web from database udp 8301-8301",
      "ingress database from web tcp 8300-8300",
    ])
    error_message = "gossip among all members and calls to the server should be let in, and nothing else"
  }

  assert {
    condition     = alltrue([for rule in values(aws_security_group_rule.mesh_in) : rule.cidr_blocks == null])
    error_message = "no address range should be admitted to Consul"
  }

  assert {
    condition     = keys(aws_security_group_rule.mesh_out) == keys(aws_security_group_rule.mesh_in)
    error_message = "what is let in should be let out at the other end"
  }
}

run "allows_machines_two_secrets_and_session_manager" {
  assert {
    condition     = toset(keys(module.web_role.policies)) == toset(["read-db-password", "read-mesh-key", "session-manager"]) && module.database_role[0].policies == module.web_role.policies
    error_message = "machines should read two secrets, be reachable by Session Manager, and nothing else"
  }

  assert {
    condition = alltrue([
      for name, arn in { read-db-password = output.db_secret_arn, read-mesh-key = module.mesh_secret[0].arn } :
      jsondecode(module.web_role.policies[name]).Statement == [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = arn }]
    ])
    error_message = "each secret should be readable, and only read"
  }

  assert {
    condition     = output.db_secret_arn != module.mesh_secret[0].arn
    error_message = "the secrets should be two"
  }

  # No * on *: the one policy for all resources names its actions in full.
  assert {
    condition = alltrue(flatten([
      for policy in values(module.web_role.policies) : [
        for statement in jsondecode(policy).Statement : [
          for action in flatten([statement.Action]) : !strcontains(action, "*")
        ]
      ]
    ]))
    error_message = "no action should be a pattern"
  }
}

run "keeps_the_data_apart_from_the_machine" {
  assert {
    condition     = aws_ebs_volume.data[0].encrypted && aws_ebs_volume.data[0].availability_zone == "eu-west-1a" && aws_ebs_volume.data[0].size == 20
    error_message = "the data should be on an encrypted volume of its own, in the machine's zone"
  }

  assert {
    condition     = aws_volume_attachment.data[0].volume_id == aws_ebs_volume.data[0].id && aws_volume_attachment.data[0].instance_id == aws_instance.database[0].id && aws_volume_attachment.data[0].skip_destroy
    error_message = "the volume should be attached to the machine, and only its end should give it back"
  }

  assert {
    condition     = aws_ebs_snapshot.before_replacement[0].volume_id == aws_ebs_volume.data[0].id
    error_message = "there should be a copy of the volume"
  }

  assert {
    condition     = strcontains(aws_instance.database[0].user_data, "DATA_VOLUME='vol-0123456789abcdef0'\n")
    error_message = "the machine should be told which volume is its data"
  }

  assert {
    condition     = one(aws_instance.database[0].metadata_options).http_tokens == "required" && one(aws_instance.database[0].root_block_device).encrypted
    error_message = "metadata should need a token, and the root volume should be encrypted"
  }
}

run "another_image_makes_another_machine_and_copies_the_data_first" {
  variables {
    postgres_ami_id = "ami-00000000000000001"
  }

  assert {
    condition     = aws_instance.database[0].id != run.keeps_the_data_apart_from_the_machine.database_instance_id
    error_message = "another image should make another machine"
  }

  assert {
    condition     = aws_ebs_snapshot.before_replacement[0].id != run.keeps_the_data_apart_from_the_machine.data_snapshot_id
    error_message = "another machine should get a copy of the data made before it"
  }

  assert {
    condition     = aws_ebs_volume.data[0].id == run.keeps_the_data_apart_from_the_machine.data_volume_id && aws_volume_attachment.data[0].instance_id == aws_instance.database[0].id
    error_message = "the volume should stay and go to the new machine"
  }
}

run "another_web_image_leaves_the_database_alone" {
  variables {
    postgres_ami_id = "ami-00000000000000001"
    httpd_ami_id    = "ami-00000000000000002"
  }

  assert {
    condition     = aws_instance.database[0].id == run.another_image_makes_another_machine_and_copies_the_data_first.database_instance_id
    error_message = "the database's machine should stay"
  }

  assert {
    condition     = aws_launch_template.web.image_id == "ami-00000000000000002" && strcontains(aws_launch_template.web.name_prefix, substr(sha1(jsonencode(local.web_machine)), 0, 7))
    error_message = "another image should make another template"
  }

  assert {
    condition     = startswith(aws_autoscaling_group.web.name_prefix, "insight-test-lt-0123456789abcdef0-1-") && aws_autoscaling_group.web.min_elb_capacity == 2
    error_message = "another template should make another group, and all of it should be healthy before the old one goes"
  }
}

run "tells_web_servers_where_they_are" {
  assert {
    condition = strcontains(base64decode(aws_launch_template.web.user_data), <<-EOT
      AWS_DEFAULT_REGION='eu-west-1'
      CONSUL_DATACENTER='insight-test'
      CONSUL_ROLE='client'
      CONSUL_SERVER='10.30.128.10'
      DB_CREATE='no'
      DB_HOST='postgres.service.consul'
      DB_NAME='insight'
      DB_PORT='5432'
      DB_SECRET_ARN='arn:aws:secretsmanager:eu-west-1:123456789012:secret:insight-test/db-password-1-AbCdEf'
      DB_SECRET_VERSION='00000000-0000-4000-8000-000000000001'
      DB_USER='insight'
      MESH_SECRET_ARN='arn:aws:secretsmanager:eu-west-1:123456789012:secret:insight-test/mesh-key-1-AbCdEf'
      MESH_SECRET_VERSION='00000000-0000-4000-8000-000000000001'
    EOT
    )
    error_message = "web servers should find the database by Consul's DNS"
  }

  assert {
    condition = strcontains(aws_instance.database[0].user_data, <<-EOT
      CONSUL_ROLE='server'
      CONSUL_SERVER=''
      DATA_VOLUME='vol-0123456789abcdef0'
      DB_NAME='insight'
    EOT
    )
    error_message = "the database's machine should be Consul's server"
  }

  assert {
    condition     = strcontains(aws_instance.database[0].user_data, "WEB_CIDRS='10.30.0.0/20 10.30.16.0/20'\n") && strcontains(aws_instance.database[0].user_data, "systemctl start --no-block insight-database-boot.service")
    error_message = "the database's machine should know where the web servers are"
  }

  assert {
    condition = alltrue([
      for text in [base64decode(aws_launch_template.web.user_data), aws_instance.database[0].user_data] :
      !strcontains(text, "correct-horse-battery") && !strcontains(text, "a-key-of-the-mesh")
    ])
    error_message = "user data should hold no secret"
  }
}

run "says_where_it_is" {
  assert {
    condition = (
      output.insight_url == "http://insight-test-1.eu-west-1.elb.amazonaws.com/" &&
      output.database == "own" &&
      output.database_endpoint == "10.30.128.10:5432" &&
      output.postgres_ami_id == "ami-0fedcba9876543210" &&
      output.httpd_ami_id == "ami-0123456789abcdef0" &&
      output.region == "eu-west-1"
    )
    error_message = "the outputs should say where to look"
  }
}

run "lets_an_emulator_choose_the_address" {
  variables {
    pin_database_address = false
    postgres_ami_id      = "ami-00000000000000003"
  }

  assert {
    condition     = aws_instance.database[0].private_ip != "10.30.128.10" && strcontains(base64decode(aws_launch_template.web.user_data), "CONSUL_SERVER='10.30.128.10'")
    error_message = "the machine's address should be open, and the web servers should not depend on the machine"
  }
}
