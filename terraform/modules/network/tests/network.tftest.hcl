mock_provider "aws" {}

variables {
  name       = "test"
  cidr_block = "10.20.0.0/16"
  public_subnets = {
    us-east-1a = "10.20.0.0/20"
    us-east-1b = "10.20.16.0/20"
    us-east-1c = "10.20.32.0/20"
  }
}

run "public_subnets_reach_the_internet" {
  assert {
    condition = { for subnet in values(aws_subnet.public) : subnet.availability_zone => subnet.cidr_block } == {
      us-east-1a = "10.20.0.0/20"
      us-east-1b = "10.20.16.0/20"
      us-east-1c = "10.20.32.0/20"
    }
    error_message = "each zone should have its own range"
  }

  assert {
    condition     = alltrue([for subnet in values(aws_subnet.public) : subnet.vpc_id == aws_vpc.this.id && subnet.map_public_ip_on_launch])
    error_message = "public subnets should be in the VPC and give out public addresses"
  }

  assert {
    condition     = aws_route.internet.destination_cidr_block == "0.0.0.0/0" && aws_route.internet.gateway_id == aws_internet_gateway.this.id && aws_route.internet.route_table_id == aws_route_table.public.id
    error_message = "the public route table should lead to the internet gateway"
  }

  assert {
    condition     = { for zone, association in aws_route_table_association.public : association.subnet_id => association.route_table_id } == { for subnet in values(aws_subnet.public) : subnet.id => aws_route_table.public.id }
    error_message = "every public subnet should use the public route table"
  }

  assert {
    condition     = length(aws_subnet.private) == 0 && length(aws_nat_gateway.this) == 0 && length(aws_eip.nat) == 0 && output.nat_public_ip == null
    error_message = "nothing private, and nothing that costs money, should be there unasked"
  }

  assert {
    condition     = output.public_subnet_ids == [for zone in ["us-east-1a", "us-east-1b", "us-east-1c"] : aws_subnet.public[zone].id]
    error_message = "the public subnets should be given by zone in order"
  }
}

run "default_group_is_closed" {
  command = plan

  assert {
    condition     = length(coalesce(aws_default_security_group.this.ingress, [])) == 0 && length(coalesce(aws_default_security_group.this.egress, [])) == 0
    error_message = "the VPC's default security group should have no rules"
  }
}

run "private_subnets_have_no_way_out" {
  variables {
    private_subnets = {
      us-east-1b = "10.20.144.0/20"
      us-east-1a = "10.20.128.0/20"
    }
  }

  assert {
    condition = { for subnet in values(aws_subnet.private) : subnet.availability_zone => subnet.cidr_block } == {
      us-east-1a = "10.20.128.0/20"
      us-east-1b = "10.20.144.0/20"
    }
    error_message = "each zone should have its own range"
  }

  assert {
    condition     = alltrue([for subnet in values(aws_subnet.private) : subnet.vpc_id == aws_vpc.this.id && subnet.map_public_ip_on_launch != true])
    error_message = "private subnets should be in the VPC and give out no public addresses"
  }

  assert {
    condition     = { for zone, association in aws_route_table_association.private : association.subnet_id => association.route_table_id } == { for subnet in values(aws_subnet.private) : subnet.id => aws_route_table.private.id }
    error_message = "every private subnet should use the private route table"
  }

  assert {
    condition     = aws_route_table.private.id != aws_route_table.public.id && length(aws_route.nat) == 0
    error_message = "the private route table should lead nowhere"
  }

  assert {
    condition     = output.private_subnet_ids == [for zone in ["us-east-1a", "us-east-1b"] : aws_subnet.private[zone].id]
    error_message = "the private subnets should be given by zone in order"
  }
}

run "nat_gateway_leads_out_of_private_subnets" {
  variables {
    private_subnets = { us-east-1b = "10.20.144.0/20" }
    nat_gateway     = true
  }

  assert {
    condition     = aws_nat_gateway.this[0].subnet_id == aws_subnet.public["us-east-1a"].id && aws_nat_gateway.this[0].allocation_id == aws_eip.nat[0].id
    error_message = "the NAT gateway should have the address and be in the first public subnet"
  }

  assert {
    condition     = aws_route.nat[0].route_table_id == aws_route_table.private.id && aws_route.nat[0].nat_gateway_id == aws_nat_gateway.this[0].id && aws_route.nat[0].destination_cidr_block == "0.0.0.0/0"
    error_message = "the private route table should lead to the NAT gateway"
  }

  assert {
    condition     = output.nat_public_ip == aws_eip.nat[0].public_ip
    error_message = "the NAT gateway's address should be an output"
  }
}

run "refuses_a_range_that_is_none" {
  command = plan

  variables {
    cidr_block = "10.20.0.0"
  }

  expect_failures = [var.cidr_block]
}

run "refuses_a_range_that_a_vpc_cannot_have" {
  command = plan

  variables {
    cidr_block = "10.0.0.0/8"
  }

  expect_failures = [var.cidr_block]
}

run "refuses_a_network_without_public_subnet" {
  command = plan

  variables {
    public_subnets = {}
  }

  expect_failures = [var.public_subnets]
}

run "refuses_subnets_that_are_no_ranges" {
  command = plan

  variables {
    public_subnets  = { us-east-1a = "10.20.0.0/33" }
    private_subnets = { us-east-1a = "us-east-1a" }
  }

  expect_failures = [var.public_subnets, var.private_subnets]
}
