# The instances have public addresses because the network has no NAT gateway, but
# only the load balancer reaches them. There is no way in for a shell.
resource "aws_security_group" "instances" {
  name_prefix = "${local.name}-instances-"
  description = "Instances of ${local.name}"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.name}-instances" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group_rule" "instances_from_load_balancer" {
  security_group_id        = aws_security_group.instances.id
  description              = "HTTP from the load balancer"
  type                     = "ingress"
  protocol                 = "tcp"
  from_port                = 80
  to_port                  = 80
  source_security_group_id = module.load_balancer.security_group_id
}

resource "aws_security_group_rule" "instances_to_database" {
  security_group_id        = aws_security_group.instances.id
  description              = "PostgreSQL"
  type                     = "egress"
  protocol                 = "tcp"
  from_port                = 5432
  to_port                  = 5432
  source_security_group_id = module.database.security_group_id
}

# Secrets Manager, the application's repository, package and container registries.
resource "aws_security_group_rule" "instances_to_web" {
  for_each = { HTTP = 80, HTTPS = 443 }

  security_group_id = aws_security_group.instances.id
  description       = "${each.key} to the internet"
  type              = "egress"
  protocol          = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_blocks       = ["0.0.0.0/0"]
}
