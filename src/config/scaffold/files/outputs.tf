output "url" {
  description = "Address of the web server."
  value       = "http://${aws_instance.web.public_ip}/"
}

output "instance_id" {
  description = "Id of the instance."
  value       = aws_instance.web.id
}
