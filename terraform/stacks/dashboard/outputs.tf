output "dashboard_url" {
  description = "Address of the dashboard."
  value       = "http://${module.load_balancer.dns_name}/"
}

output "alb_dns_name" {
  description = "Host name of the load balancer."
  value       = module.load_balancer.dns_name
}

output "alb_zone_id" {
  description = "Route 53 zone of the load balancer's host name, for an alias record."
  value       = module.load_balancer.zone_id
}

output "target_group_arn" {
  description = "Target group of the instances, to ask which of them are healthy."
  value       = module.load_balancer.target_group_arn
}

output "ami_id" {
  description = "Image that the instances run."
  value       = aws_launch_template.dashboard.image_id
}

output "autoscaling_group" {
  description = "Name of the auto scaling group; each launch template has its own."
  value       = aws_autoscaling_group.dashboard.name
}

output "launch_template" {
  description = "Id of the launch template of the instances."
  value       = aws_launch_template.dashboard.id
}

output "db_endpoint" {
  description = "Host name and port of the database, reachable from the instances only."
  value       = module.database.endpoint
}

output "db_identifier" {
  description = "Identifier of the database instance."
  value       = module.database.identifier
}

output "db_secret_arn" {
  description = "Secret that holds the database's password."
  value       = module.db_secret.arn
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}

output "public_subnet_ids" {
  description = "Ids of the subnets of load balancer and instances."
  value       = module.network.public_subnet_ids
}

output "private_subnet_ids" {
  description = "Ids of the subnets of the database."
  value       = module.network.private_subnet_ids
}

output "availability_zones" {
  description = "Zones of the subnets."
  value       = local.availability_zones
}

output "region" {
  description = "Region of the deployment."
  value       = data.aws_region.current.id
}
