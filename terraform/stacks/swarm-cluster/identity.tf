# The tokens for joining the swarm: managers write them, and whoever may join reads his
# own. Secrets without a value: the tokens never pass through Terraform's state.
resource "aws_secretsmanager_secret" "join" {
  for_each = toset(["worker", "manager"])

  # A deleted secret keeps its name until its recovery window is over. A generated name
  # lets the same stack be deployed again at once.
  name_prefix             = "${local.name}/join-${each.key}-"
  description             = "What it takes to join ${local.name} as ${each.key}; written by its managers"
  recovery_window_in_days = var.recovery_window_in_days
}

module "manager_role" {
  source = "../../modules/instance-role"

  name        = "${local.name}-manager"
  description = "Managers of ${local.name}"

  policies = {
    share-join-secrets = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
        Resource = [for role in ["manager", "worker"] : aws_secretsmanager_secret.join[role].arn]
      }]
    })
  }
}

module "worker_role" {
  source = "../../modules/instance-role"

  name        = "${local.name}-worker"
  description = "Workers of ${local.name}"

  policies = {
    read-join-secret = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = aws_secretsmanager_secret.join["worker"].arn
      }]
    })
  }
}
