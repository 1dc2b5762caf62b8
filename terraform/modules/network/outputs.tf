output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "cidr_block" {
  description = "IPv4 range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "Ids of the public subnets, by zone name in order. Whoever uses them starts after their way to the internet is open."
  value       = [for zone in sort(keys(aws_subnet.public)) : aws_subnet.public[zone].id]
  depends_on  = [aws_route.internet, aws_route_table_association.public]
}

output "private_subnet_ids" {
  description = "Ids of the private subnets, by zone name in order. Whoever uses them starts after their routes are there."
  value       = [for zone in sort(keys(aws_subnet.private)) : aws_subnet.private[zone].id]
  depends_on  = [aws_route.nat, aws_route_table_association.private]
}

output "nat_public_ip" {
  description = "Address from which the private subnets reach the internet, null without a NAT gateway."
  value       = one(aws_eip.nat[*].public_ip)
}
