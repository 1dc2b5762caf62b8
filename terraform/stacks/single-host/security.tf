# The Docker engine and the database listen on the machine alone: there is no rule for them.

resource "aws_security_group" "host" {
  name_prefix = "${local.name}-host-"
  description = "Machine of ${local.name}"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.name}-host" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group_rule" "http" {
  security_group_id = aws_security_group.host.id
  description       = "HTTP from clients"
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_blocks       = var.client_cidrs
}

# Session Manager needs none of this: there is no rule unless ranges are given.
resource "aws_security_group_rule" "ssh" {
  count = length(var.ssh_cidrs) == 0 ? 0 : 1

  security_group_id = aws_security_group.host.id
  description       = "SSH from given ranges"
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = var.ssh_cidrs
}

# Secrets Manager, Session Manager, CloudWatch, and what builds of the app fetch.
resource "aws_security_group_rule" "internet" {
  for_each = { HTTP = 80, HTTPS = 443 }

  security_group_id = aws_security_group.host.id
  description       = "${each.key} to the internet"
  type              = "egress"
  protocol          = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_blocks       = ["0.0.0.0/0"]
}
