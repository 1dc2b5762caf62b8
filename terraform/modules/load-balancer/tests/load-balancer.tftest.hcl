mock_provider "aws" {
  mock_resource "aws_lb" {
    defaults = {
      arn      = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/test-lb/0123456789abcdef"
      dns_name = "test-lb-1.us-east-1.elb.amazonaws.com"
    }
  }

  mock_resource "aws_lb_target_group" {
    defaults = {
      arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/test-1/0123456789abcdef"
    }
  }

  mock_resource "aws_lb_listener" {
    defaults = {
      arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/test-lb/0123456789abcdef/0123456789abcdef"
    }
  }
}

variables {
  name                     = "test-lb"
  vpc_id                   = "vpc-00000001"
  subnet_ids               = ["subnet-00000001", "subnet-00000002", "subnet-00000003"]
  target_security_group_id = "sg-00000001"
  health_check_path        = "/healthz"
}

run "serves_the_targets_to_the_world" {
  assert {
    condition     = aws_lb.this.load_balancer_type == "application" && !aws_lb.this.internal && aws_lb.this.drop_invalid_header_fields
    error_message = "it should be a public application load balancer that passes no malformed headers"
  }

  assert {
    condition     = aws_lb.this.subnets == toset(["subnet-00000001", "subnet-00000002", "subnet-00000003"])
    error_message = "it should be in the given subnets"
  }

  assert {
    condition     = aws_lb.this.security_groups == toset([aws_security_group.this.id]) && aws_security_group.this.vpc_id == "vpc-00000001"
    error_message = "it should have its own security group and no other"
  }

  assert {
    condition     = aws_lb_listener.http[0].load_balancer_arn == aws_lb.this.arn && aws_lb_listener.http[0].port == 80 && aws_lb_listener.http[0].protocol == "HTTP"
    error_message = "it should listen for HTTP on port 80"
  }

  assert {
    condition     = one(aws_lb_listener.http[0].default_action).type == "forward" && one(aws_lb_listener.http[0].default_action).target_group_arn == aws_lb_target_group.this.arn
    error_message = "the listener should forward to the target group"
  }

  assert {
    condition     = one(aws_lb_target_group.this.health_check).path == "/healthz" && one(aws_lb_target_group.this.health_check).matcher == "200" && one(aws_lb_target_group.this.health_check).port == "traffic-port"
    error_message = "targets should be asked for the given path on the port that they serve"
  }

  assert {
    condition     = aws_lb_target_group.this.port == 80 && aws_lb_target_group.this.protocol == "HTTP" && aws_lb_target_group.this.target_type == "instance" && aws_lb_target_group.this.vpc_id == "vpc-00000001"
    error_message = "targets should be instances of the VPC that serve HTTP on port 80"
  }

  assert {
    condition     = can(regex("^[a-zA-Z0-9-]{1,6}$", aws_lb_target_group.this.name_prefix))
    error_message = "the target group's name should have a prefix that AWS accepts"
  }
}

run "lets_in_port_80_only" {
  assert {
    condition = (
      aws_security_group_rule.http_from_clients.security_group_id == aws_security_group.this.id &&
      aws_security_group_rule.http_from_clients.type == "ingress" &&
      aws_security_group_rule.http_from_clients.protocol == "tcp" &&
      aws_security_group_rule.http_from_clients.from_port == 80 &&
      aws_security_group_rule.http_from_clients.to_port == 80 &&
      aws_security_group_rule.http_from_clients.cidr_blocks == tolist(["0.0.0.0/0"])
    )
    error_message = "only HTTP should come in"
  }
}

run "connects_to_the_targets_only" {
  variables {
    target_port = 8080
    target_type = "ip"
  }

  assert {
    condition = (
      aws_security_group_rule.to_targets.security_group_id == aws_security_group.this.id &&
      aws_security_group_rule.to_targets.type == "egress" &&
      aws_security_group_rule.to_targets.protocol == "tcp" &&
      aws_security_group_rule.to_targets.from_port == 8080 &&
      aws_security_group_rule.to_targets.to_port == 8080 &&
      aws_security_group_rule.to_targets.source_security_group_id == "sg-00000001" &&
      aws_security_group_rule.to_targets.cidr_blocks == null
    )
    error_message = "only the targets' port should be reached"
  }

  assert {
    condition     = aws_lb_target_group.this.port == 8080 && aws_lb_target_group.this.target_type == "ip"
    error_message = "the target group should be of the given port and type"
  }
}

run "admits_given_clients" {
  command = plan

  variables {
    client_cidrs = ["203.0.113.0/24", "198.51.100.7/32"]
  }

  assert {
    condition     = aws_security_group_rule.http_from_clients.cidr_blocks == tolist(["203.0.113.0/24", "198.51.100.7/32"])
    error_message = "only the given clients should be admitted"
  }
}

run "has_one_target_group_unasked" {
  assert {
    condition     = output.target_group_names == [aws_lb_target_group.this.name] && length(aws_lb_listener.turns) == 0 && output.listener_arn == aws_lb_listener.http[0].arn
    error_message = "nothing should take turns unless asked for"
  }
}

run "lets_two_target_groups_take_turns" {
  variables {
    blue_green = true
  }

  assert {
    condition     = output.target_group_names == [aws_lb_target_group.this.name, aws_lb_target_group.green[0].name] && length(output.target_group_arn_suffixes) == 2
    error_message = "there should be two target groups"
  }

  assert {
    condition     = length(aws_lb_listener.http) == 0 && one(aws_lb_listener.turns[0].default_action).target_group_arn == aws_lb_target_group.this.arn && output.listener_arn == aws_lb_listener.turns[0].arn
    error_message = "one listener should serve the first of them to begin with"
  }

  assert {
    condition = (
      one(aws_lb_target_group.green[0].health_check).path == one(aws_lb_target_group.this.health_check).path &&
      aws_lb_target_group.green[0].port == aws_lb_target_group.this.port &&
      aws_lb_target_group.green[0].target_type == aws_lb_target_group.this.target_type
    )
    error_message = "the two should be alike"
  }
}

run "refuses_bad_values" {
  command = plan

  variables {
    name                 = "-a-load-balancer-whose-name-is-too-long"
    subnet_ids           = ["subnet-00000001"]
    client_cidrs         = ["everybody"]
    target_port          = 65536
    target_type          = "lambda"
    health_check_path    = "healthz"
    deregistration_delay = 3601
  }

  expect_failures = [
    var.name,
    var.subnet_ids,
    var.client_cidrs,
    var.target_port,
    var.target_type,
    var.health_check_path,
    var.deregistration_delay,
  ]
}
