# PostgreSQL on RDS in place of the own image: there is no machine of ours, no volume and
# no Consul, and the web servers are told its address.
module "rds" {
  source = "../../modules/database"
  count  = local.own_database ? 0 : 1

  name                   = local.name
  vpc_id                 = module.network.vpc_id
  subnet_ids             = module.network.private_subnet_ids
  client_security_groups = { web = aws_security_group.web.id }

  engine_version        = var.rds_engine_version
  instance_class        = var.rds_instance_class
  username              = "insight"
  password              = var.db_password
  multi_az              = var.rds_multi_az
  backup_retention_days = var.rds_backup_retention_days
  deletion_protection   = var.rds_deletion_protection
  skip_final_snapshot   = var.rds_skip_final_snapshot
}
