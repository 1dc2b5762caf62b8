# Renders the user data with values that no variable of the stack would accept.
variable "instance_env" {
  description = "What the instance is told."
  type        = map(string)
}

output "script" {
  description = "The script that an instance runs at its first boot."
  value = templatefile("${path.module}/../../templates/user-data.sh.tftpl", {
    instance_env = var.instance_env
  })
}
