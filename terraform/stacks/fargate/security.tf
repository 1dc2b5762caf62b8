resource "aws_security_group" "tasks" {
  name_prefix = "${local.name}-tasks-"
  description = "Tasks of ${local.name}"
  vpc_id      = module.network.vpc_id

  tags = { Name = "${local.name}-tasks" }

  # The network interfaces of tasks that have stopped linger for minutes, and AWS
  # refuses to delete their group as long as they do. The provider asks again.
  timeouts {
    delete = var.delete_timeout
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group_rule" "tasks_from_load_balancer" {
  security_group_id        = aws_security_group.tasks.id
  description              = "Requests and health checks"
  type                     = "ingress"
  protocol                 = "tcp"
  from_port                = local.port
  to_port                  = local.port
  source_security_group_id = module.load_balancer.security_group_id
}

# ECR and CloudWatch Logs; both speak HTTPS only.
resource "aws_security_group_rule" "tasks_to_aws" {
  security_group_id = aws_security_group.tasks.id
  description       = "HTTPS to the internet"
  type              = "egress"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["0.0.0.0/0"]
}
