module "database" {
  source = "../../modules/database"

  name                   = local.name
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.private_subnet_ids
  client_security_groups = { instances = aws_security_group.instances.id }

  engine_version        = var.db_engine_version
  instance_class        = var.db_instance_class
  allocated_storage     = var.db_allocated_storage
  max_allocated_storage = var.db_max_allocated_storage
  username              = var.db_username
  password              = var.db_password
  multi_az              = var.db_multi_az
  apply_immediately     = var.db_apply_immediately
  backup_retention_days = var.db_backup_retention_days
  deletion_protection   = var.db_deletion_protection
  skip_final_snapshot   = var.db_skip_final_snapshot
}

module "db_secret" {
  source = "../../modules/secret"

  name                    = "${local.name}/db-password"
  description             = "Password of the database of ${local.name}"
  value                   = var.db_password
  recovery_window_in_days = var.recovery_window_in_days
}
