resource "aws_security_group" "this" {
  name_prefix = "${var.name}-alb-"
  description = "Load balancer ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-alb" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group_rule" "http_from_clients" {
  security_group_id = aws_security_group.this.id
  description       = "HTTP from clients"
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_blocks       = var.client_cidrs
}

resource "aws_security_group_rule" "to_targets" {
  security_group_id        = aws_security_group.this.id
  description              = "Requests and health checks to the targets"
  type                     = "egress"
  protocol                 = "tcp"
  from_port                = var.target_port
  to_port                  = var.target_port
  source_security_group_id = var.target_security_group_id
}
