output "dns_name" {
  description = "Host name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Route 53 zone of the load balancer's host name, for an alias record."
  value       = aws_lb.this.zone_id
}

output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "security_group_id" {
  description = "Security group of the load balancer, for the rule that admits it to the targets."
  value       = aws_security_group.this.id
}

output "target_group_arn" {
  description = "Target group that the listener serves. Whoever registers targets in it does so once they can be health-checked."
  value       = aws_lb_target_group.this.arn
  depends_on = [
    aws_lb_listener.http,
    aws_lb_listener.turns,
    aws_security_group_rule.http_from_clients,
    aws_security_group_rule.to_targets,
  ]
}

output "listener_arn" {
  description = "ARN of the listener."
  value       = one(concat(aws_lb_listener.http[*].arn, aws_lb_listener.turns[*].arn))
}

output "target_group_names" {
  description = "Names of the target groups: one, or with blue_green the two that take turns."
  value       = concat([aws_lb_target_group.this.name], aws_lb_target_group.green[*].name)
}

output "arn_suffix" {
  description = "The load balancer as CloudWatch's metrics call it."
  value       = aws_lb.this.arn_suffix
}

output "target_group_arn_suffixes" {
  description = "The target groups as CloudWatch's metrics call them, in the order of target_group_names."
  value       = concat([aws_lb_target_group.this.arn_suffix], aws_lb_target_group.green[*].arn_suffix)
}
