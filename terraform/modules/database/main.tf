# PostgreSQL on RDS, reachable from given security groups and from nowhere else.
# What is in the database, and who else may use it, belongs to the stacks.

resource "aws_db_subnet_group" "this" {
  name_prefix = "${var.name}-"
  description = "Private subnets of ${var.name}"
  subnet_ids  = var.subnet_ids
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class
  username       = var.username
  password       = var.password

  # Not gp3: RDS reports throughput and IOPS of its own for it, which providers
  # that know them only as arguments would take away again in every plan.
  storage_type          = "gp2"
  storage_encrypted     = true
  allocated_storage     = var.allocated_storage
  max_allocated_storage = var.max_allocated_storage

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  port                   = 5432
  multi_az               = var.multi_az

  apply_immediately           = var.apply_immediately
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false

  backup_retention_period   = var.backup_retention_days
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = var.skip_final_snapshot
  final_snapshot_identifier = "${var.name}-final-${formatdate("YYYYMMDDhhmmss", timestamp())}"

  lifecycle {
    # The time of creation makes the snapshot's name unique to this instance:
    # snapshots outlive their database, and a second one of the same name fails.
    ignore_changes = [final_snapshot_identifier]
  }
}
