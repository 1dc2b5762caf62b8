module "db_secret" {
  source = "../../modules/secret"

  name                    = "${local.name}/db-password"
  description             = "Password of the database of ${local.name}"
  value                   = var.db_password
  recovery_window_in_days = var.recovery_window_in_days
}

# Every member of the mesh makes the key of Consul's gossip out of it.
module "mesh_secret" {
  source = "../../modules/secret"
  count  = local.own_database ? 1 : 0

  name                    = "${local.name}/mesh-key"
  description             = "What the Consul agents of ${local.name} encrypt their gossip with"
  value                   = var.mesh_key
  recovery_window_in_days = var.recovery_window_in_days
}

locals {
  read_secrets = merge(
    { read-db-password = module.db_secret.read_policy },
    { for secret in module.mesh_secret : "read-mesh-key" => secret.read_policy },
  )
}
