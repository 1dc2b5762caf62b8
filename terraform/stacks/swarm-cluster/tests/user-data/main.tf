# Renders the user data with values that no variable of the stack would accept.
variable "node" {
  description = "What the machine is told."
  type        = any
}

output "script" {
  description = "The script that a machine runs at its first boot."
  value       = templatefile("${path.module}/../../templates/user-data.sh.tftpl", { node = var.node })
}
