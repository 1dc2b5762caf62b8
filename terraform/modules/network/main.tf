# A VPC with one public subnet per zone and, when asked for, one private subnet
# per zone. Security groups and whatever runs in the subnets belong to the stacks.

resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = var.name }
}

# AWS gives every VPC a default group whose members reach each other. Taken over
# without rules, it cuts off whatever forgot to name a group of its own.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-default-closed" }
}
