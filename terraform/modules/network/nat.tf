# Outbound internet for the private subnets: one gateway, in the first zone. It
# costs money by the hour, so it is there only when asked for.

# Providers before 5 know only `vpc`, those from 6 on only `domain`. Without
# either, AWS allocates an address for use in a VPC.
resource "aws_eip" "nat" {
  count = var.nat_gateway ? 1 : 0

  tags = { Name = "${var.name}-nat" }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  count = var.nat_gateway ? 1 : 0

  allocation_id = aws_eip.nat[0].id
  subnet_id     = aws_subnet.public[sort(keys(var.public_subnets))[0]].id

  tags = { Name = var.name }

  depends_on = [aws_route.internet, aws_route_table_association.public]
}

resource "aws_route" "nat" {
  count = var.nat_gateway ? 1 : 0

  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[0].id
}
