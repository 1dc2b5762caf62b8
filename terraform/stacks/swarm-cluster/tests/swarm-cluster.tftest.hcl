mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "eu-west-1" }
  }

  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c", "eu-west-1d"] }
  }

  mock_resource "aws_eip" {
    defaults = { public_ip = "203.0.113.7" }
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

run "has_one_public_and_one_private_subnet" {
  assert {
    condition     = output.public_subnet == "172.28.10.0/27" && output.private_subnet == "172.28.10.128/27"
    error_message = "one manager should need one subnet of each kind"
  }

  assert {
    condition     = length(aws_instance.manager) == 1 && aws_instance.manager[0].subnet_id == module.network.public_subnet_ids[0]
    error_message = "the manager should be in the public subnet"
  }

  assert {
    condition     = aws_autoscaling_group.worker.vpc_zone_identifier == toset(module.network.private_subnet_ids)
    error_message = "workers should be in the private subnet"
  }

  assert {
    condition     = length(setintersection(module.network.public_subnet_ids, module.network.private_subnet_ids)) == 0 && module.network.nat_public_ip != null
    error_message = "no subnet should be both, and the private one should have a way out"
  }
}

run "spreads_several_managers_over_three_zones" {
  variables {
    manager_count = 5
  }

  assert {
    condition     = output.public_subnet == "172.28.10.0/27, 172.28.10.32/27, 172.28.10.64/27" && output.private_subnet == "172.28.10.128/27, 172.28.10.160/27, 172.28.10.192/27"
    error_message = "each of three zones should have its own subnets"
  }

  assert {
    condition     = [for manager in aws_instance.manager : manager.subnet_id] == [for index in [0, 1, 2, 0, 1] : module.network.public_subnet_ids[index]]
    error_message = "no zone should have a majority of the managers"
  }

  assert {
    condition     = [for manager in aws_instance.manager : strcontains(manager.user_data, "\"founder\":true")] == [true, false, false, false, false]
    error_message = "exactly one manager should found the swarm"
  }

  assert {
    condition     = alltrue([for manager in aws_instance.manager : strcontains(manager.user_data, "\"managers\":5")])
    error_message = "managers should know how many they are"
  }
}

run "uses_the_zones_that_are_named" {
  variables {
    availability_zones = ["eu-west-1d", "eu-west-1b"]
  }

  assert {
    condition     = length(module.network.public_subnet_ids) == 2 && keys(local.private_subnets) == ["eu-west-1b", "eu-west-1d"]
    error_message = "named zones should be taken as they are"
  }
}

run "admits_the_cluster_to_itself" {
  assert {
    condition = toset([for rule in values(aws_security_group_rule.cluster_in) : "${rule.protocol} ${rule.from_port}-${rule.to_port}"]) == toset([
      "tcp 2377-2377", "tcp 7946-7946", "udp 7946-7946", "udp 4789-4789", "50 0-0",
    ])
    error_message = "just swarm's own ports and ESP should be open"
  }

  assert {
    condition = alltrue([
      for rule in values(aws_security_group_rule.cluster_in) :
      rule.type == "ingress" && rule.self == true && rule.cidr_blocks == null && rule.security_group_id == aws_security_group.cluster.id
    ])
    error_message = "just the cluster's own nodes should be admitted to them"
  }

  assert {
    condition = {
      for name, rule in aws_security_group_rule.cluster_out : name => "${rule.type} ${rule.protocol} ${rule.from_port} ${rule.self}"
      } == {
      for name, rule in aws_security_group_rule.cluster_in : name => "egress ${rule.protocol} ${rule.from_port} true"
    }
    error_message = "what nodes may hear from each other they should be able to say"
  }

  assert {
    condition     = toset([for rule in values(aws_security_group_rule.cluster_to_web) : "${rule.type} ${rule.protocol} ${rule.from_port}-${rule.to_port}"]) == toset(["egress tcp 80-80", "egress tcp 443-443"])
    error_message = "nodes should reach the web, and nothing else, in the internet"
  }
}

run "admits_clients_to_the_managers_web_port_only" {
  variables {
    client_cidrs = ["203.0.113.0/24", "198.51.100.0/24"]
  }

  assert {
    condition = (
      aws_security_group_rule.managers_from_clients.type == "ingress" &&
      aws_security_group_rule.managers_from_clients.protocol == "tcp" &&
      aws_security_group_rule.managers_from_clients.from_port == 80 &&
      aws_security_group_rule.managers_from_clients.to_port == 80 &&
      aws_security_group_rule.managers_from_clients.cidr_blocks == tolist(["203.0.113.0/24", "198.51.100.0/24"]) &&
      aws_security_group_rule.managers_from_clients.security_group_id == aws_security_group.managers.id
    )
    error_message = "clients should reach port 80 of the managers"
  }

  assert {
    condition     = length(aws_security_group_rule.managers_from_operators) == 0
    error_message = "the visualizer should be open to nobody unasked"
  }

  assert {
    condition     = aws_instance.manager[0].vpc_security_group_ids == toset([aws_security_group.cluster.id, aws_security_group.managers.id])
    error_message = "managers should be in both groups"
  }

  assert {
    condition     = aws_launch_template.worker.vpc_security_group_ids == toset([aws_security_group.cluster.id])
    error_message = "workers should be in no group that admits clients"
  }
}

run "admits_operators_to_the_visualizer_when_asked" {
  variables {
    visualizer_cidrs = ["203.0.113.7/32"]
  }

  assert {
    condition = (
      aws_security_group_rule.managers_from_operators[0].from_port == 8080 &&
      aws_security_group_rule.managers_from_operators[0].to_port == 8080 &&
      aws_security_group_rule.managers_from_operators[0].protocol == "tcp" &&
      aws_security_group_rule.managers_from_operators[0].cidr_blocks == tolist(["203.0.113.7/32"]) &&
      aws_security_group_rule.managers_from_operators[0].security_group_id == aws_security_group.managers.id
    )
    error_message = "just those named should reach port 8080 of the managers"
  }
}

run "gives_each_role_its_own_rights" {
  assert {
    condition = jsondecode(module.worker_role.policies["read-join-secret"]).Statement == [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = output.join_secret_arns["worker"]
    }]
    error_message = "workers should read the workers' token, and do nothing else with secrets"
  }

  assert {
    condition = jsondecode(module.manager_role.policies["share-join-secrets"]).Statement == [{
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
      Resource = [output.join_secret_arns["manager"], output.join_secret_arns["worker"]]
    }]
    error_message = "managers should read and write the two tokens, and do nothing else with secrets"
  }

  assert {
    condition     = output.join_secret_arns["worker"] != output.join_secret_arns["manager"]
    error_message = "who may join as worker should not learn how to join as manager"
  }

  assert {
    condition     = toset(keys(module.worker_role.policies)) == toset(["read-join-secret", "session-manager"]) && toset(keys(module.manager_role.policies)) == toset(["share-join-secrets", "session-manager"])
    error_message = "there should be no other rights than these and Session Manager's"
  }

  # Session Manager's actions know no resources; they are named one by one instead.
  assert {
    condition = alltrue(flatten([
      for policy in concat(values(module.worker_role.policies), values(module.manager_role.policies)) : [
        for statement in jsondecode(policy).Statement : [
          for action in flatten([statement.Action]) :
          !strcontains(action, "*") && (!contains(flatten([statement.Resource]), "*") || startswith(action, "ssmmessages:") || action == "ssm:UpdateInstanceInformation")
        ]
      ]
    ]))
    error_message = "no action should be a pattern, and only Session Manager's should be allowed on everything"
  }

  assert {
    condition     = aws_instance.manager[0].iam_instance_profile == module.manager_role.profile_name && one(aws_launch_template.worker.iam_instance_profile).arn == module.worker_role.profile_arn
    error_message = "each kind of node should have its own role"
  }
}

run "keeps_tokens_out_of_state" {
  command = plan

  assert {
    condition     = toset(keys(aws_secretsmanager_secret.join)) == toset(["manager", "worker"]) && alltrue([for secret in values(aws_secretsmanager_secret.join) : secret.recovery_window_in_days == 0])
    error_message = "there should be a secret for each role, which goes with the cluster"
  }
}

run "lets_deleted_secrets_be_restored_when_asked_to" {
  command = plan

  variables {
    recovery_window_in_days = 7
  }

  assert {
    condition     = alltrue([for secret in values(aws_secretsmanager_secret.join) : secret.recovery_window_in_days == 7])
    error_message = "the choice should be passed on"
  }
}

run "runs_the_image_that_it_is_given" {
  assert {
    condition     = aws_instance.manager[0].ami == "ami-0123456789abcdef0" && aws_launch_template.worker.image_id == "ami-0123456789abcdef0" && output.ami_id == "ami-0123456789abcdef0"
    error_message = "the image should be handed over by its id"
  }

  assert {
    condition = alltrue([
      for options in [one(aws_instance.manager[0].metadata_options), one(aws_launch_template.worker.metadata_options)] :
      options.http_tokens == "required" && options.http_put_response_hop_limit == 1
    ])
    error_message = "instance metadata should need a token and stay on the instance"
  }

  assert {
    condition     = one(aws_instance.manager[0].root_block_device).encrypted && one(one(aws_launch_template.worker.block_device_mappings).ebs).encrypted == "true" && one(aws_launch_template.worker.block_device_mappings).device_name == "/dev/sda1"
    error_message = "root volumes should be encrypted"
  }

  assert {
    condition     = aws_launch_template.worker.key_name == null
    error_message = "no key should open a shell on a worker"
  }
}

run "has_as_many_workers_as_it_is_told_to" {
  command = plan

  variables {
    worker_count = 7
  }

  assert {
    condition     = aws_autoscaling_group.worker.min_size == 7 && aws_autoscaling_group.worker.max_size == 7 && aws_autoscaling_group.worker.desired_capacity == 7
    error_message = "a worker that fails should be replaced, and no more than these should run"
  }
}

run "has_four_workers_unasked" {
  command = plan

  assert {
    condition     = aws_autoscaling_group.worker.desired_capacity == 4
    error_message = "there should be four workers"
  }
}

run "renews_workers_beside_the_old_ones" {
  assert {
    condition     = aws_launch_template.worker.name_prefix == "swarm-test-worker-${substr(sha1(jsonencode(local.worker)), 0, 7)}-" && local.worker.user_data == aws_launch_template.worker.user_data
    error_message = "another image, generation or user data should make another template"
  }

  assert {
    condition     = startswith(aws_autoscaling_group.worker.name_prefix, "swarm-test-worker-lt-0123456789abcdef0-1-") && one(aws_autoscaling_group.worker.launch_template).version == "1"
    error_message = "another template should make another group"
  }

  assert {
    condition = aws_autoscaling_group.worker.tag == toset([
      for key, value in { Name = "swarm-test-worker", Project = "amiable", Stack = "swarm-cluster", Environment = "test" } :
      { key = key, value = value, propagate_at_launch = true }
    ])
    error_message = "workers should have the stack's tags"
  }
}

run "tells_nodes_what_they_are" {
  variables {
    web_image    = "registry.example.com/team/web:2.0"
    web_replicas = 9
  }

  assert {
    condition = strcontains(aws_instance.manager[0].user_data, jsonencode({
      address_pool = "198.18.0.0/16"
      founder      = true
      generation   = output.generation
      join_secrets = output.join_secret_arns
      managers     = 1
      region       = "eu-west-1"
      role         = "manager"
      services = {
        REDIS_IMAGE      = "redis:7-alpine"
        VISUALIZER_IMAGE = "dockersamples/visualizer:stable"
        WEB_IMAGE        = "registry.example.com/team/web:2.0"
        WEB_REPLICAS     = "9"
      }
    }))
    error_message = "the manager should be told what to found and to deploy"
  }

  assert {
    condition = strcontains(base64decode(aws_launch_template.worker.user_data), jsonencode({
      address_pool = "198.18.0.0/16"
      founder      = false
      generation   = output.generation
      join_secrets = { worker = output.join_secret_arns["worker"] }
      managers     = 1
      region       = "eu-west-1"
      role         = "worker"
      services     = {}
    }))
    error_message = "workers should be told where their token is, and of no other"
  }
}

run "keeps_its_address" {
  assert {
    condition     = aws_eip_association.master.allocation_id == aws_eip.master.id && aws_eip_association.master.instance_id == aws_instance.manager[0].id
    error_message = "the first manager should have the cluster's address"
  }

  assert {
    condition     = output.swarm_master == "203.0.113.7" && output.service_url == "http://203.0.113.7" && output.visualizer_url == "http://203.0.113.7:8080" && output.vpc_id == module.network.vpc_id
    error_message = "the outputs should say where to look"
  }
}
