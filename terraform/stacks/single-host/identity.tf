module "mysql_secret" {
  source = "../../modules/secret"

  name                    = "${local.name}/mysql-password"
  description             = "Password of the application's account in the database of ${local.name}"
  value                   = var.mysql_password
  recovery_window_in_days = var.recovery_window_in_days
}

module "key_secret" {
  source = "../../modules/secret"

  name                    = "${local.name}/secret-key-base"
  description             = "What the application of ${local.name} signs with"
  value                   = var.secret_key_base
  recovery_window_in_days = var.recovery_window_in_days
}

# The machine reads the two secrets, publishes into its own namespace, and can be reached by
# Session Manager, nothing else. Containers have nothing of it: they cannot reach the metadata.
module "role" {
  source = "../../modules/instance-role"

  name        = local.name
  description = "Machine of ${local.name}"
  policies = merge(
    {
      read-mysql-password  = module.mysql_secret.read_policy
      read-secret-key-base = module.key_secret.read_policy
    },
    var.alarms ? { publish-measurements = local.publish_measurements } : {},
  )
}

locals {
  # PutMetricData knows no resources; the namespace is what it can be held to (AWS CloudWatch
  # user guide, "Using condition keys to limit access to CloudWatch namespaces").
  publish_measurements = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "cloudwatch:PutMetricData"
      Resource  = "*"
      Condition = { StringEquals = { "cloudwatch:namespace" = local.name } }
    }]
  })
}
