output "insight_url" {
  description = "Address of the application."
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

output "database" {
  description = "Where PostgreSQL runs: own or rds."
  value       = var.database
}

output "database_endpoint" {
  description = "Address and port of the database, reachable from the web servers only."
  value       = local.own_database ? "${aws_instance.database[0].private_ip}:5432" : module.rds[0].endpoint
}

output "database_instance_id" {
  description = "Machine of the database, for `aws ssm start-session --target`; empty with RDS."
  value       = local.own_database ? aws_instance.database[0].id : ""
}

output "data_volume_id" {
  description = "Volume with the database's data; empty with RDS."
  value       = local.own_database ? aws_ebs_volume.data[0].id : ""
}

output "data_snapshot_id" {
  description = "Copy of the data from before the database's machine was last replaced; empty with RDS."
  value       = local.own_database ? aws_ebs_snapshot.before_replacement[0].id : ""
}

output "db_secret_arn" {
  description = "Secret that holds the database's password."
  value       = module.db_secret.arn
}

output "httpd_ami_id" {
  description = "Image that the web servers run."
  value       = aws_launch_template.web.image_id
}

output "postgres_ami_id" {
  description = "Image that the database's machine runs; empty with RDS."
  value       = local.own_database ? aws_instance.database[0].ami : ""
}

output "autoscaling_group" {
  description = "Name of the web servers' auto scaling group; each launch template has its own."
  value       = aws_autoscaling_group.web.name
}

output "target_group_arn" {
  description = "Target group of the web servers, to ask which of them are healthy."
  value       = module.load_balancer.target_group_arn
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}

output "public_subnet_ids" {
  description = "Ids of the subnets of load balancer and web servers."
  value       = module.network.public_subnet_ids
}

output "private_subnet_ids" {
  description = "Ids of the subnets of the database."
  value       = module.network.private_subnet_ids
}

output "region" {
  description = "Region of the deployment."
  value       = data.aws_region.current.id
}
