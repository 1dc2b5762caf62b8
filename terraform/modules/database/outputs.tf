output "address" {
  description = "Host name of the database. Whoever uses it starts after its clients are admitted."
  value       = aws_db_instance.this.address
  depends_on  = [aws_security_group_rule.clients]
}

output "port" {
  description = "Port of the database."
  value       = aws_db_instance.this.port
}

output "endpoint" {
  description = "Host name and port of the database, joined by a colon."
  value       = aws_db_instance.this.endpoint
}

output "username" {
  description = "Name of the database's administrator."
  value       = aws_db_instance.this.username
}

output "identifier" {
  description = "Identifier of the database instance."
  value       = aws_db_instance.this.identifier
}

output "security_group_id" {
  description = "Security group of the database, for its clients' egress rules."
  value       = aws_security_group.this.id
}

output "subnet_ids" {
  description = "Subnets in which the database may be."
  value       = aws_db_subnet_group.this.subnet_ids
}

output "client_security_groups" {
  description = "Security groups that are admitted: what it is => group id."
  value       = { for client, rule in aws_security_group_rule.clients : client => rule.source_security_group_id }
}
