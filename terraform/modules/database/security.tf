# No egress rule: a database has nobody to call.
resource "aws_security_group" "this" {
  name_prefix = "${var.name}-"
  description = "Database ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = var.name }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group_rule" "clients" {
  for_each = var.client_security_groups

  security_group_id        = aws_security_group.this.id
  description              = "PostgreSQL from ${each.key}"
  type                     = "ingress"
  protocol                 = "tcp"
  from_port                = 5432
  to_port                  = 5432
  source_security_group_id = each.value
}
