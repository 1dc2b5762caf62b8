output "arn" {
  description = "ARN of the secret."
  value       = aws_secretsmanager_secret.this.arn
}

output "version_id" {
  description = "Id of the secret's current version; it changes when the value does."
  value       = aws_secretsmanager_secret_version.this.version_id
}

output "read_policy" {
  description = "IAM policy, as JSON, that allows reading this secret and nothing else."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = aws_secretsmanager_secret.this.arn
    }]
  })
}
