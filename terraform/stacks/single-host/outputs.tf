output "app_url" {
  description = "Address of the application."
  value       = "http://${aws_eip.host.public_ip}/"
}

output "public_dns" {
  description = "Host name of the machine; it stays when the machine is replaced."
  value       = aws_eip.host.public_dns
}

output "public_ip" {
  description = "Address of the machine; it stays when the machine is replaced."
  value       = aws_eip.host.public_ip
}

output "ssh_target" {
  description = "Where releases go: the address where SSH is open, the instance's id for Session Manager where it is not."
  value       = local.ssh_is_open ? "ubuntu@${aws_eip.host.public_ip}" : "ubuntu@${aws_instance.host.id}"
}

output "ssh_command" {
  description = "Opens a shell on the machine."
  value       = local.ssh_is_open ? "ssh ubuntu@${aws_eip.host.public_dns}" : "aws ssm start-session --region ${data.aws_region.current.id} --target ${aws_instance.host.id}"
}

output "instance_id" {
  description = "The machine."
  value       = aws_instance.host.id
}

output "ami_id" {
  description = "Image that the machine runs."
  value       = aws_instance.host.ami
}

output "data_volume_id" {
  description = "Volume with the database."
  value       = aws_ebs_volume.data.id
}

output "data_snapshot_id" {
  description = "Copy of the data from before the machine was last replaced."
  value       = aws_ebs_snapshot.before_replacement.id
}

output "security_group_id" {
  description = "Security group of the machine."
  value       = aws_security_group.host.id
}

output "alarm_topic_arn" {
  description = "SNS topic that alarms go to; empty without alarms."
  value       = var.alarms ? aws_sns_topic.alarms[0].arn : ""
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}

output "region" {
  description = "Region of the deployment."
  value       = data.aws_region.current.id
}

locals {
  ssh_is_open = length(var.ssh_cidrs) > 0
}
