resource "aws_security_group" "web" {
  name_prefix = "${local.name}-web-"
  description = "Web servers of ${local.name}"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.name}-web" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group_rule" "web_from_load_balancer" {
  security_group_id        = aws_security_group.web.id
  description              = "HTTP from the load balancer"
  type                     = "ingress"
  protocol                 = "tcp"
  from_port                = 80
  to_port                  = 80
  source_security_group_id = module.load_balancer.security_group_id
}

resource "aws_security_group_rule" "web_to_database" {
  security_group_id        = aws_security_group.web.id
  description              = "PostgreSQL"
  type                     = "egress"
  protocol                 = "tcp"
  from_port                = 5432
  to_port                  = 5432
  source_security_group_id = local.own_database ? aws_security_group.database[0].id : module.rds[0].security_group_id
}

# Secrets Manager, Session Manager, package registries.
resource "aws_security_group_rule" "web_to_internet" {
  for_each = { HTTP = 80, HTTPS = 443 }

  security_group_id = aws_security_group.web.id
  description       = "${each.key} to the internet"
  type              = "egress"
  protocol          = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_security_group" "database" {
  count = local.own_database ? 1 : 0

  name_prefix = "${local.name}-db-"
  description = "Database machine of ${local.name}"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.name}-db" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group_rule" "database_from_web" {
  count = local.own_database ? 1 : 0

  security_group_id        = aws_security_group.database[0].id
  description              = "PostgreSQL from the web servers"
  type                     = "ingress"
  protocol                 = "tcp"
  from_port                = 5432
  to_port                  = 5432
  source_security_group_id = aws_security_group.web.id
}

resource "aws_security_group_rule" "database_to_internet" {
  count = local.own_database ? 1 : 0

  security_group_id = aws_security_group.database[0].id
  description       = "Secrets Manager and Session Manager, through the NAT gateway"
  type              = "egress"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["0.0.0.0/0"]
}

# Session Manager needs none of this: there is no rule unless ranges are given.
resource "aws_security_group_rule" "ssh" {
  for_each = length(var.ssh_cidrs) == 0 ? {} : merge(
    { web = aws_security_group.web.id },
    { for group in aws_security_group.database : "database" => group.id },
  )

  security_group_id = each.value
  description       = "SSH from given ranges"
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = var.ssh_cidrs
}
