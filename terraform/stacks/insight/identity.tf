# Instances read the two secrets and can be reached by Session Manager, nothing else.
module "web_role" {
  source = "../../modules/instance-role"

  name        = "${local.name}-web"
  description = "Web servers of ${local.name}"
  policies    = local.read_secrets
}

module "database_role" {
  source = "../../modules/instance-role"
  count  = local.own_database ? 1 : 0

  name        = "${local.name}-db"
  description = "Database machine of ${local.name}"
  policies    = local.read_secrets
}
