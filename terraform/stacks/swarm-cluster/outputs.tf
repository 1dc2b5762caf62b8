output "private_subnet" {
  description = "IPv4 range of the workers' subnet, or the ranges of all of them."
  value       = join(", ", [for zone in sort(keys(local.private_subnets)) : local.private_subnets[zone]])
}

output "public_subnet" {
  description = "IPv4 range of the managers' subnet, or the ranges of all of them."
  value       = join(", ", [for zone in sort(keys(local.public_subnets)) : local.public_subnets[zone]])
}

output "service_url" {
  description = "Address of the web service."
  value       = "http://${aws_eip.master.public_ip}"
}

output "swarm_master" {
  description = "Public address of the first manager; stays when the manager is renewed."
  value       = aws_eip.master.public_ip
}

output "visualizer_url" {
  description = "Address of the visualizer, for those in visualizer_cidrs."
  value       = "http://${aws_eip.master.public_ip}:8080"
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}

output "manager_ids" {
  description = "Ids of the managers' instances, for Session Manager; the first has the services' data."
  value       = aws_instance.manager[*].id
}

output "worker_group" {
  description = "Name of the workers' auto scaling group; each launch template has its own."
  value       = aws_autoscaling_group.worker.name
}

output "join_secret_arns" {
  description = "Secrets that hold the tokens for joining: role => ARN."
  value       = { for role, secret in aws_secretsmanager_secret.join : role => secret.arn }
}

output "generation" {
  description = "Id of this swarm; another one means that the managers were renewed."
  value       = terraform_data.generation.id
}

output "ami_id" {
  description = "Image that all nodes run."
  value       = aws_launch_template.worker.image_id
}

output "region" {
  description = "Region of the deployment."
  value       = data.aws_region.current.id
}
