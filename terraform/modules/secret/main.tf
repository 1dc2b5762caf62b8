# One secret in Secrets Manager, with the policy that lets a role read it and
# nothing else. The roles belong to the stacks.

# A deleted secret keeps its name until its recovery window is over. A generated
# name lets the same stack be deployed again at once.
resource "aws_secretsmanager_secret" "this" {
  name_prefix             = "${var.name}-"
  description             = var.description
  recovery_window_in_days = var.recovery_window_in_days
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id     = aws_secretsmanager_secret.this.id
  secret_string = var.value
}
