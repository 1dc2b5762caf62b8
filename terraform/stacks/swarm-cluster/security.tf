# Every node is in `cluster`, whose rules name no other group; managers are in `managers` too.
# Groups that name each other could be deleted in no order at all.
resource "aws_security_group" "cluster" {
  name_prefix = "${local.name}-cluster-"
  description = "Nodes of ${local.name}"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.name}-cluster" }

  # The network interfaces of instances that are gone linger for minutes, and AWS
  # refuses to delete their group as long as they do. The provider asks again.
  timeouts {
    delete = var.delete_timeout
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "managers" {
  name_prefix = "${local.name}-managers-"
  description = "Managers of ${local.name}"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.name}-managers" }

  timeouts {
    delete = var.delete_timeout
  }

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  # What swarm nodes say to each other (Docker manual, "Getting started with swarm mode").
  # ESP, IP protocol 50, carries the encrypted overlay networks and has no ports.
  cluster_traffic = {
    management = { protocol = "tcp", port = 2377, description = "Swarm management" }
    gossip-tcp = { protocol = "tcp", port = 7946, description = "Node discovery" }
    gossip-udp = { protocol = "udp", port = 7946, description = "Node discovery" }
    overlay    = { protocol = "udp", port = 4789, description = "Overlay networks" }
    esp        = { protocol = "50", port = 0, description = "Encrypted overlay networks" }
  }
}

resource "aws_security_group_rule" "cluster_in" {
  for_each = local.cluster_traffic

  security_group_id = aws_security_group.cluster.id
  description       = each.value.description
  type              = "ingress"
  protocol          = each.value.protocol
  from_port         = each.value.port
  to_port           = each.value.port
  self              = true
}

resource "aws_security_group_rule" "cluster_out" {
  for_each = local.cluster_traffic

  security_group_id = aws_security_group.cluster.id
  description       = each.value.description
  type              = "egress"
  protocol          = each.value.protocol
  from_port         = each.value.port
  to_port           = each.value.port
  self              = true
}

# Secrets Manager, Session Manager, package and container registries.
resource "aws_security_group_rule" "cluster_to_web" {
  for_each = { HTTP = 80, HTTPS = 443 }

  security_group_id = aws_security_group.cluster.id
  description       = "${each.key} to the internet"
  type              = "egress"
  protocol          = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_security_group_rule" "managers_from_clients" {
  security_group_id = aws_security_group.managers.id
  description       = "The web service"
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_blocks       = var.client_cidrs
}

# A rule without ranges is none.
resource "aws_security_group_rule" "managers_from_operators" {
  count = length(var.visualizer_cidrs) > 0 ? 1 : 0

  security_group_id = aws_security_group.managers.id
  description       = "The visualizer"
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 8080
  to_port           = 8080
  cidr_blocks       = var.visualizer_cidrs
}
